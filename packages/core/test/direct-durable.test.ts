import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyText, settled } from "@tsapollo/testkit";
import { dsub, startHost, TestConsumer, topic } from "./harness.ts";

const red = {
  text: "red",
  matches: (message: Parameters<typeof bodyText>[0]) => bodyText(message).startsWith("red"),
};

test("what is sent to a durable subscription directly passes its selector too, and is confirmed [messaging 7, K 7]", async () => {
  const { client, engine } = await startHost();
  const { host, send, producer } = client();
  const request = { addresses: [topic("t")], durable: dsub("d") };
  host.subscribe({ ...request, filter: red }, new TestConsumer()).cancel();
  send(dsub("d"), "red 1");
  send(dsub("d"), "blue 1");
  send(topic("t"), "blue 2");
  await settled();
  assert.deepEqual(producer.confirmations, [1, 2, 3]);
  assert.equal(engine.router.dsubs.get("d")!.queue.length, 1);
  host.subscribe(request, new TestConsumer()).cancel();
  send(dsub("d"), "blue 3");
  assert.equal(engine.router.dsubs.get("d")!.queue.length, 2, "re-bound without a selector");
});
