import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, header } from "./harness.ts";

test("ST-007: the broker sends line feeds when idle, at least 900 ms apart", async () => {
  const stomp = new Harness();
  const connected = await stomp.connect("1.1", "heart-beat:0,1000");
  assert.equal(header(connected, "heart-beat"), "100,10000");
  stomp.clock.advance(999);
  assert.equal(stomp.raw(), "");
  stomp.clock.advance(1);
  assert.equal(stomp.raw(), "\n");
  stomp.clock.advance(900);
  assert.equal(stomp.raw(), "");
  stomp.clock.advance(100);
  assert.equal(stomp.raw(), "\n");
});

test("15.3: a frame counts as a heart-beat, and a client that does not read gets none", async () => {
  const stomp = new Harness();
  await stomp.connect("1.1", "heart-beat:0,1000");
  stomp.clock.advance(600);
  stomp.send("BEGIN", "transaction:t", "receipt:r");
  stomp.only("RECEIPT");
  stomp.clock.advance(999);
  assert.equal(stomp.raw(), "");
  stomp.connection.output.full = true;
  stomp.clock.advance(5_000);
  assert.equal(stomp.raw(), "");
  stomp.connection.output.full = false;
  stomp.clock.advance(1_000);
  assert.equal(stomp.raw(), "\n");
});

test("ST-008: a silent client is dropped after one and a half times the agreed time", async () => {
  const stomp = new Harness({ heartBeatReceiveMs: 1_000 });
  await stomp.connect("1.1", "heart-beat:1000,0");
  stomp.clock.advance(1_400);
  stomp.connection.feed("\n");
  stomp.clock.advance(1_400);
  assert.deepEqual(stomp.replies(), []);
  stomp.clock.advance(100);
  stomp.failed("Stale connection.  Missed heartbeat.");
  assert.equal(stomp.host.closed, true);
});

test("15.3: with the default the silence is 15 s", async () => {
  const stomp = new Harness();
  await stomp.connect("1.2", "heart-beat:1,0");
  stomp.clock.advance(14_999);
  assert.deepEqual(stomp.replies(), []);
  stomp.clock.advance(1);
  stomp.failed("Stale connection.  Missed heartbeat.");
});

test("15.3: silence does not count while the broker itself does not read", async () => {
  const stomp = new Harness();
  await stomp.connect("1.1", "heart-beat:10000,0");
  stomp.host.accepting = false;
  stomp.send("SEND", "destination:/queue/full");
  assert.equal(stomp.connection.paused, true);
  stomp.clock.advance(100_000);
  stomp.host.producer.resumed();
  stomp.clock.advance(14_999);
  assert.deepEqual(stomp.replies(), []);
  stomp.clock.advance(1);
  stomp.failed("Stale connection.  Missed heartbeat.");
});

test("without heart-beats there is no timer", async () => {
  const stomp = new Harness();
  await stomp.connect("1.1");
  assert.equal(stomp.clock.timerCount, 0);
});
