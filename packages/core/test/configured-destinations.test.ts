import assert from "node:assert/strict";
import { test } from "node:test";
import { ANY_CHILD, ANY_DESCENDANT } from "@tsapollo/domain";
import {
  type ConfiguredDsub,
  DEFAULT_QUEUE_SETTINGS,
  DEFAULT_TOPIC_SETTINGS,
  type QueueSettings,
} from "../src/index.ts";
import { dsub, queue, startHost, topic } from "./harness.ts";
import { automatic, containing } from "./selecting.ts";

const kept = { ...DEFAULT_QUEUE_SETTINGS, autoDeleteAfterMs: 0 };
const quota = (quotaMessages: number): QueueSettings => ({ ...kept, quotaMessages });

test("BR-001: names exist from the start, patterns do not; mirrored ones have their topics; twice is once", async () => {
  const { engine, store } = await startHost({
    queues: [
      { filter: ["mirrored", "a"], settings: { ...kept, mirrored: true } },
      { filter: ["mirrored", ANY_CHILD], settings: { ...kept, mirrored: true } },
      { filter: ["plain"], settings: kept },
      { filter: ["plain"], settings: quota(1) },
      { filter: undefined, settings: kept },
    ],
    topics: [
      { filter: ["mirrored", "a"], settings: DEFAULT_TOPIC_SETTINGS },
      { filter: ["other"], settings: DEFAULT_TOPIC_SETTINGS },
      { filter: ["other", ANY_DESCENDANT], settings: DEFAULT_TOPIC_SETTINGS },
    ],
  });
  const { queues, topics } = engine.router;
  assert.deepEqual([...queues.keys()], ["mirrored.a", "plain"]);
  assert.deepEqual([...topics.keys()], ["mirrored.a", "other"]);
  assert.deepEqual(store.log, ["queue queue:mirrored.a queue queue:plain"]);
});

test("the first configuration that covers a name wins, else the defaults [messaging 3]", async () => {
  const { engine, client } = await startHost({
    queues: [
      { filter: ["a", "b"], settings: quota(1) },
      { filter: ["a", ANY_DESCENDANT], settings: quota(2) },
      { filter: ["a", ANY_CHILD], settings: quota(3) },
    ],
  });
  const { send } = client();
  for (const name of ["a.b", "a.c", "a.c.d", "a"]) send(queue(name), "m");
  const found = ["a.b", "a.c", "a.c.d", "a"].map(
    (name) => engine.router.queues.get(name)!.settings.quotaMessages,
  );
  assert.deepEqual(found, [1, 2, 2, -1]);
});

test("with created destinations and no others, clients use what there is [messaging 3]", async () => {
  const { client } = await startHost({
    autoCreateDestinations: false,
    queues: [{ filter: ["q"], settings: kept }],
    topics: [{ filter: ["t"], settings: { ...DEFAULT_TOPIC_SETTINGS, autoDeleteAfterMs: 0 } }],
  });
  const { host, send, producer } = client();
  const consumer = automatic();
  host.subscribe({ addresses: [queue("q"), topic("t")] }, consumer);
  for (const address of [queue("q"), topic("t"), queue("x")]) send(address, address.key);
  assert.deepEqual(consumer.bodies, ["queue:q", "topic:t"]);
  assert.match(String(producer.confirmations.at(-1)), /does not exist/);
});

function configured(changed: Partial<ConfiguredDsub>): ConfiguredDsub {
  return {
    filter: undefined,
    idRegex: undefined,
    topics: [],
    messages: undefined,
    settings: kept,
    ...changed,
  };
}

test("a configured durable subscription collects from the start, by its selector [messaging 3, 4.2]", async () => {
  const { client, engine } = await startHost({
    dsubs: [
      configured({ filter: ["d"], topics: [topic("a.*"), topic("b")], messages: containing("red") }),
      configured({ filter: ["without topics"] }),
      configured({ filter: ["p", ANY_CHILD], topics: [topic("a.x")] }),
    ],
  });
  const { host, send } = client();
  assert.deepEqual([...engine.router.dsubs.keys()], ["d"]);
  for (const text of ["1 red", "2 blue"]) for (const name of ["a.x", "b", "c"]) send(topic(name), text);
  for (const text of ["direct red", "direct blue"]) send(dsub("d"), text);
  const consumer = automatic();
  host.subscribe({ addresses: [dsub("d")] }, consumer);
  assert.deepEqual(consumer.bodies, ["1 red", "1 red", "direct red"]);
});

for (const { id, expected } of [
  { id: "d.x", expected: 1 },
  { id: "my-special-one", expected: 2 },
  { id: "other", expected: 3 },
]) {
  test(`settings of durable subscription ${id}: by name, else by expression found in it, else any [messaging 3]`, async () => {
    const { client, engine } = await startHost({
      dsubs: [
        configured({ filter: ["d", ANY_DESCENDANT], settings: quota(1) }),
        configured({ idRegex: /special/, settings: quota(2) }),
        configured({ settings: quota(3) }),
      ],
    });
    client().host.subscribe({ addresses: [topic("t")], durable: dsub(id) }, automatic());
    assert.equal(engine.router.dsubs.get(id)!.queue.settings.quotaMessages, expected);
  });
}
