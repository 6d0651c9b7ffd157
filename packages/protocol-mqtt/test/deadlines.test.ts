import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "@tsapollo/testkit";
import { Deadlines } from "../src/deadlines.ts";
import { World } from "./client.ts";
import { connected5 } from "./client-5.ts";

describe("deadlines", () => {
  it("fall due in order, once, and not when cancelled", () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(clock);
    const nowMs = clock.nowMs();
    const order: number[] = [];
    const made = [5, 1, 4, 2, 3].map((at) => deadlines.at(nowMs + at * 1_000, () => void order.push(at)));
    made[3]!.cancel();
    clock.advance(10_000);
    made[0]!.cancel();
    assert.deepEqual(order, [1, 3, 4, 5]);
    assert.equal(deadlines.size, 0);
  });

  it("cancelled ones are swept out, the others still fall due", () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(clock);
    const dueMs = clock.nowMs() + 1_000;
    let due = 0;
    deadlines.at(dueMs, () => {
      due += 1;
    });
    for (let at = 0; at < 10_000; at += 1) deadlines.at(dueMs + at, () => assert.fail()).cancel();
    assert.ok(deadlines.size < 200, `${deadlines.size} are held`);
    clock.advance(60_000);
    assert.deepEqual([due, deadlines.size], [1, 0]);
  });

  it("[MQTT5-3.1.2-23] a client that comes and goes a thousand times leaves one expiry and one will behind", async () => {
    const world = new World();
    const will = {
      topic: "w",
      payload: Buffer.from("gone"),
      qos: 0,
      retain: false,
      properties: { willDelayInterval: 1_000 },
    } as const;
    for (let at = 0; at < 1_000; at += 1) {
      (await connected5(world, { sessionExpiryInterval: 0xfffffffe }, { clean: false, will })).drop();
    }
    assert.ok(world.sessions.of("default").waiting < 200);
  });
});
