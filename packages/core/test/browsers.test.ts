import assert from "node:assert/strict";
import { test } from "node:test";
import { queue, startHost, TestConsumer } from "./harness.ts";
import { automatic, containing, TestBrowser } from "./selecting.ts";

test("ST-016: a browser of a drained queue ends at once", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  host.subscribe({ addresses: [queue("q")] }, automatic());
  for (const text of ["1", "2"]) send(queue("q"), text);
  const browser = new TestBrowser();
  host.subscribe({ addresses: [queue("q")], browse: "once" }, browser);
  assert.deepEqual([browser.bodies, browser.ends], [[], ["queue:q"]]);
});

test("ST-022, OW-021, IT-041, JR-008: browsing takes nothing, and ends once", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  for (const text of ["1", "2", "3"]) send(queue("q"), text);
  const browser = new TestBrowser();
  host.subscribe({ addresses: [queue("q")], browse: "once" }, browser);
  assert.deepEqual([browser.bodies, browser.ends], [["1", "2", "3"], ["queue:q"]]);
  for (const delivery of browser.deliveries) delivery.settle("consumed"); // without effect
  send(queue("q"), "4");
  const early = new TestBrowser();
  early.credit = 2;
  host.subscribe({ addresses: [queue("q")], browse: "once" }, early).cancel();
  assert.deepEqual([early.bodies, early.ends], [["1", "2"], []]);
  const consumer = automatic();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.deepEqual(consumer.bodies, ["1", "2", "3", "4"]);
  assert.deepEqual(browser.bodies, ["1", "2", "3"], "it is not joined any more");
});

for (const { id, browse, fromSequence, before, after, expected } of [
  { id: "ST-017", browse: "forever", fromSequence: -1, before: 3, after: 1, expected: [4] },
  { id: "ST-018", browse: "forever", fromSequence: 0, before: 0, after: 2, expected: [1, 2] },
  { id: "ST-020", browse: "once", fromSequence: 2, before: 3, after: 1, expected: [2, 3] },
  { id: "5.7", browse: "once", fromSequence: -1, before: 3, after: 1, expected: [] },
  { id: "5.7", browse: "forever", fromSequence: 3, before: 1, after: 4, expected: [3, 4, 5] },
] as const) {
  test(`${id}: browse ${browse} from ${fromSequence}, ${before} there, ${after} later`, async () => {
    const { client } = await startHost();
    const { host, send } = client();
    for (let at = 0; at < before; at += 1) send(queue("q"), "m");
    const browser = new TestBrowser();
    host.subscribe({ addresses: [queue("q")], browse, fromSequence }, browser);
    for (let at = 0; at < after; at += 1) send(queue("q"), "m");
    assert.deepEqual(
      browser.deliveries.map(({ sequence }) => sequence),
      expected,
    );
    assert.equal(browser.ends.length, browse === "once" ? 1 : 0);
  });
}

test("IT-063: a browser sees what a consumer holds, by its selector", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  for (let at = 0; at < 1_000; at += 1) send(queue("q"), `${at} ${at % 2 === 0 ? "even" : "odd"}`);
  const browser = new TestBrowser();
  host.subscribe({ addresses: [queue("q")], browse: "once", filter: containing("even") }, browser);
  assert.equal(browser.bodies.length, 500);
  assert.equal(consumer.bodies.length, 1_000);
});

test("OW-018, OW-019, IT-064, IT-065: receive, browse, receive", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  for (const text of ["1", "2", "3"]) send(queue("q"), text);
  host.subscribe({ addresses: [queue("q")] }, automatic(1)).cancel();
  const browser = new TestBrowser();
  host.subscribe({ addresses: [queue("q")], browse: "once" }, browser);
  const consumer = automatic();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  assert.deepEqual(
    [browser.bodies, consumer.bodies],
    [
      ["2", "3"],
      ["2", "3"],
    ],
  );
});

test("a browser without credit keeps its place while entries before, at and after it leave", async () => {
  const { client, engine } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  for (const text of ["1", "2", "3", "4", "5"]) send(queue("q"), text);
  const browser = new TestBrowser();
  browser.credit = 2;
  const subscription = host.subscribe({ addresses: [queue("q")], browse: "once" }, browser);
  for (const at of [0, 2, 3]) consumer.deliveries[at]!.settle("consumed");
  assert.deepEqual([browser.bodies, browser.ends], [["1", "2"], []]);
  browser.credit = 1;
  subscription.resume();
  assert.deepEqual([browser.bodies, browser.ends], [["1", "2", "5"], ["queue:q"]]);
  for (const at of [1, 4]) consumer.deliveries[at]!.settle("consumed");
  assert.equal(engine.memory.usedBytes, 0);
});

test("a browser whose last entry leaves ends when it has credit again; a lasting one goes on with the next", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const consumer = new TestConsumer();
  host.subscribe({ addresses: [queue("q")] }, consumer);
  send(queue("q"), "1");
  const once = new TestBrowser();
  const lasting = new TestBrowser();
  once.credit = 0;
  lasting.credit = 0;
  const ofOnce = host.subscribe({ addresses: [queue("q")], browse: "once" }, once);
  const ofLasting = host.subscribe({ addresses: [queue("q")], browse: "forever" }, lasting);
  consumer.deliveries[0]!.settle("consumed");
  once.credit = 1;
  ofOnce.resume();
  send(queue("q"), "2");
  lasting.credit = 5;
  ofLasting.resume();
  assert.deepEqual([once.bodies, once.ends], [[], ["queue:q"]]);
  assert.deepEqual([lasting.bodies, lasting.ends], [["2"], []]);
});

test("on several queues a browser ends on each [messaging 5.7]", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  for (const name of ["b.x", "b.y", "c"]) send(queue(name), name);
  const browser = new TestBrowser();
  host.subscribe({ addresses: [queue("b.*"), queue("c"), queue("empty")], browse: "once" }, browser);
  assert.deepEqual(browser.bodies.sort(), ["b.x", "b.y", "c"]);
  assert.deepEqual(browser.ends.sort(), ["queue:b.x", "queue:b.y", "queue:c", "queue:empty"]);
});

test("browsing needs the right to receive, not to consume [instance 14.5]", async () => {
  const can = (_identity: unknown, action: string) => action !== "consume";
  const { client } = await startHost({}, { generation: 0, can });
  const { host, send } = client();
  send(queue("q"), "1");
  const browser = new TestBrowser();
  host.subscribe({ addresses: [queue("q")], browse: "once" }, browser);
  assert.deepEqual(browser.bodies, ["1"]);
  assert.throws(() => host.subscribe({ addresses: [queue("q")] }, automatic()), { code: "ACCESS_DENIED" });
});

test("within what it is shown a browser may send, begin another one, resume and leave", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  const shown: string[] = [];
  const others: TestBrowser[] = [];
  const consumer = automatic();
  const actions = new Map<number, () => void>([
    [1, () => send(queue("q"), "from within")],
    [
      2,
      () => {
        others.push(new TestBrowser());
        host.subscribe({ addresses: [queue("q")], browse: "forever" }, others[0]!);
      },
    ],
    [3, () => subscription.resume()],
    [4, () => subscription.cancel()],
  ]);
  const subscription = host.subscribe(
    { addresses: [queue("q")], browse: "forever" },
    {
      offer: ({ sequence }) => {
        actions.get(sequence)?.();
        shown.push(String(sequence));
        return true;
      },
      ended: () => undefined,
    },
  );
  const last = new TestBrowser();
  host.subscribe({ addresses: [queue("q")], browse: "forever" }, last);
  for (let at = 0; at < 4; at += 1) send(queue("q"), "m");
  host.subscribe({ addresses: [queue("q")] }, consumer);
  const sequences = (one: TestConsumer) => one.deliveries.map(({ sequence }) => sequence);
  assert.deepEqual(shown, ["1", "2", "3", "4"]);
  assert.deepEqual(sequences(last), [1, 2, 3, 4, 5]);
  assert.deepEqual(sequences(consumer), [1, 2, 3, 4, 5]);
  assert.deepEqual(new Set(sequences(others[0]!)).size, sequences(others[0]!).length, "nothing twice");
});

test("a browser of a deleted queue is told", async () => {
  const { client } = await startHost();
  const { host, send } = client();
  send(queue("q"), "1");
  const browser = new TestBrowser();
  host.subscribe({ addresses: [queue("q")], browse: "forever" }, browser);
  host.destroy(queue("q"));
  assert.match(browser.reason!, /was deleted/);
});
