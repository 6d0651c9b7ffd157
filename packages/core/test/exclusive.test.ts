import assert from "node:assert/strict";
import { test } from "node:test";
import { queue, startHost, type TestClient, TestConsumer } from "./harness.ts";
import { automatic, containing } from "./selecting.ts";

/** Joins consumers in order (`x…` are exclusive, all acknowledge at once), sends, lets some leave, and so on. */
function play(client: TestClient, script: readonly string[]): Record<string, string[]> {
  const got: Record<string, string[]> = {};
  const leave = new Map<string, () => void>();
  for (const line of script) {
    const [what, name = ""] = line.split(" ");
    if (what === "join") {
      const consumer = automatic();
      got[name] = [];
      const inner = consumer.offer.bind(consumer);
      consumer.offer = (delivery) => {
        got[name]!.push(String(delivery.sequence));
        return inner(delivery);
      };
      const request = { addresses: [queue("q")], exclusive: name.startsWith("x") };
      const subscription = client.host.subscribe(request, consumer);
      leave.set(name, () => subscription.cancel());
    } else if (what === "leave") leave.get(name)!();
    else client.send(queue("q"), "m");
  }
  return got;
}

for (const { id, script, expected } of [
  { id: "OW-005, created first", script: ["join x", "join o", "send"], expected: { x: ["1"], o: [] } },
  {
    id: "OW-006, IT-023, created last",
    script: ["join o", "join x", "send", "send", "send"],
    expected: { o: [], x: ["1", "2", "3"] },
  },
  {
    id: "OW-007, fail-over to the next",
    script: ["join x1", "join x2", "join o", "send", "leave x1", "send", "send"],
    expected: { x1: ["1"], x2: ["2", "3"], o: [] },
  },
  {
    id: "OW-008, fail-over past an ordinary one",
    script: ["join x1", "join o", "join x2", "send", "leave x1", "send", "send"],
    expected: { x1: ["1"], o: [], x2: ["2", "3"] },
  },
  {
    id: "OW-009, fail-over to the ordinary one",
    script: ["join x", "join o", "send", "leave x", "send"],
    expected: { x: ["1"], o: ["2"] },
  },
  {
    id: "OW-010, back to an exclusive one",
    script: ["join x", "join o", "send", "leave x", "send", "join x2", "send"],
    expected: { x: ["1"], o: ["2"], x2: ["3"] },
  },
  {
    id: "IT-022, two exclusive ones",
    script: ["join x1", "join x2", "send", "send", "send"],
    expected: { x1: ["1", "2", "3"], x2: [] },
  },
  {
    id: "IT-021, none",
    script: ["join a", "join b", "send", "send"],
    expected: { a: ["1"], b: ["2"] },
  },
]) {
  test(`exclusive consumers: ${id} [messaging 5.4]`, async () => {
    const { client } = await startHost();
    assert.deepEqual(play(client(), script), expected);
  });
}

test("ST-031: what an exclusive consumer had not acknowledged goes to an ordinary one", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const ordinary = automatic();
  const exclusive = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, ordinary);
  const subscription = host.subscribe({ addresses: [queue("q")], exclusive: true }, exclusive);
  for (const text of ["1", "2", "3", "4"]) send(queue("q"), text);
  assert.deepEqual([exclusive.bodies, ordinary.bodies], [["1", "2", "3", "4"], []]);
  subscription.cancel();
  assert.deepEqual(ordinary.bodies, ["1", "2", "3", "4"]);
  assert.deepEqual(
    ordinary.deliveries.map(({ redeliveryCount }) => redeliveryCount),
    [1, 1, 1, 1],
  );
});

test("an exclusive consumer keeps only what it wants from others, also without credit [messaging 5.3, 5.4]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const ordinary = automatic();
  const exclusive = automatic(1);
  host.subscribe({ addresses: [queue("q")] }, ordinary);
  const request = { addresses: [queue("q")], exclusive: true, filter: containing("red") };
  const subscription = host.subscribe(request, exclusive);
  for (const text of ["red 1", "blue 2", "red 3", "blue 4"]) send(queue("q"), text);
  assert.deepEqual([exclusive.bodies, ordinary.bodies], [["red 1"], ["blue 2", "blue 4"]]);
  subscription.cancel();
  assert.deepEqual(ordinary.bodies, ["blue 2", "blue 4", "red 3"]);
});

test("what an exclusive consumer refuses comes back to it, not to others [messaging 5.4]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const ordinary = automatic();
  const exclusive = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, ordinary);
  host.subscribe({ addresses: [queue("q")], exclusive: true }, exclusive);
  send(queue("q"), "1");
  exclusive.deliveries[0]!.settle("poisoned");
  assert.deepEqual([exclusive.bodies, ordinary.bodies], [["1", "1"], []]);
});
