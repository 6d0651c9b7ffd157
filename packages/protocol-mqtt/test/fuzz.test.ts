import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RecordingHost, settled } from "@tsapollo/testkit";
import { generate, type Packet } from "mqtt-packet";
import { connectBytes, World } from "./client.ts";
import { delivery5, hello, publish5, subscribe5 } from "./client-5.ts";

/** How many conversations per version; more with MQTT_FUZZ=100000. */
const ROUNDS = Number(process.env["MQTT_FUZZ"] ?? 1_000);
const SEED = Number(process.env["MQTT_FUZZ_SEED"] ?? 1);

/** A small generator of pseudo-random numbers: the same seed makes the same conversation. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) >>> 0;
  }
  roll(sides: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 0x1_0000_0000) * sides);
  }
}

function conversation(level: number): Packet[] {
  const five = level === 5;
  const properties = five
    ? { properties: { userProperties: { k: "v" }, contentType: "t", topicAlias: 1 } }
    : {};
  const publish = { cmd: "publish", topic: "a/b", payload: "x", dup: false, retain: true } as const;
  return [
    five
      ? subscribe5("a/#", { rap: true }, 3)
      : { cmd: "subscribe", messageId: 9, subscriptions: [{ topic: "a/#", qos: 2 }] },
    { ...publish, qos: 0, ...properties },
    { ...publish, qos: 1, messageId: 1, ...properties },
    { ...publish, qos: 2, messageId: 2, ...properties },
    { cmd: "pubrel", messageId: 2 },
    { cmd: "puback", messageId: 1 },
    { cmd: "pubrec", messageId: 2 },
    { cmd: "pubcomp", messageId: 2 },
    { cmd: "pingreq" },
    { cmd: "unsubscribe", messageId: 4, unsubscriptions: ["a/#"] },
    ...(five ? [publish5("", 0, { topicAlias: 1 }), subscribe5("$share/g/a")] : []),
    { cmd: "disconnect" },
  ];
}

function mutated(bytes: Buffer, dice: Dice): Buffer {
  const changed = Buffer.from(bytes);
  for (let count = 1 + dice.roll(4); count > 0; count -= 1) {
    const at = dice.roll(changed.length);
    const how = dice.roll(4);
    if (how === 0) changed[at] = dice.roll(256);
    else if (how === 1) changed[at]! ^= 1 << dice.roll(8);
    else if (how === 2) changed.copyWithin(at, dice.roll(changed.length));
    else return changed.subarray(0, at + 1);
  }
  return changed;
}

/** Sends a conversation with changes in small pieces, and looks at what is left of it. */
async function round(level: number, dice: Dice): Promise<void> {
  const world = new World({ topicAliasMax: 3, receiveMax: 5, sessionExpiryMaxSeconds: 5 });
  const client = world.client();
  client.level = level;
  const protocolId = level === 3 ? "MQIsdp" : "MQTT";
  const connect = level === 5 ? hello({ sessionExpiryInterval: 5 }) : { protocolId, protocolVersion: level };
  const greeting = connectBytes(connect as Parameters<typeof connectBytes>[0]);
  const rest = conversation(level).map((one) => generate(one, { protocolVersion: level }));
  const all =
    dice.roll(8) === 0
      ? mutated(Buffer.concat([greeting, ...rest]), dice)
      : Buffer.concat([greeting, mutated(Buffer.concat(rest), dice)]);
  for (let at = 0; at < all.length; ) {
    const next = at + 1 + dice.roll(60);
    client.connection.feed(all.subarray(at, next)); // whatever is thrown here is a bug
    at = next;
    if (dice.roll(4) === 0) await settled();
    client.host.subscriptions.at(-1)?.consumer.offer(delivery5("a/b", dice.roll(3), {}, { sequence: at }));
  }
  await settled();
  if (client.connection.state === "closing" && level === 5) checkLastWords(client.connection.output.take());
  client.drop();
  world.clock.advance(10_000);
  assert.doesNotMatch(world.log.lines.join("\n"), /ERROR/);
  const { host } = client;
  assert.ok(host.closed || client.reception.logins.length === 0, "the host is left");
  assert.ok(
    host.subscriptions.every((one) => one.cancelled),
    "every subscription is cancelled",
  );
  assert.equal(world.clock.timerCount, 0, "no timer is left");
  assert.equal(world.sessions.count("default"), 0, "the session has expired");
}

/** The last packet of a connection that the broker ended says why. */
function checkLastWords(bytes: Buffer): void {
  let at = 0;
  let last: Uint8Array = Buffer.alloc(0);
  while (at < bytes.length) {
    let length = 0;
    let shift = 0;
    let next = at + 1;
    do {
      length |= (bytes[next]! & 0x7f) << shift;
      shift += 7;
    } while (bytes[next++]! > 0x7f);
    last = bytes.subarray(next, next + length);
    if (bytes[at] === 0xe0) assert.ok(last[0]! >= 0x80, `DISCONNECT ${last[0]}`);
    at = next + length;
  }
}

describe("fuzz", () => {
  for (const level of [3, 4, 5]) {
    it(`changed conversations of level ${level} break nothing but their connection`, async () => {
      for (let at = 0; at < ROUNDS; at += 1) {
        const seed = SEED * 1_000_003 + at;
        try {
          await round(level, new Dice(seed));
        } catch (error) {
          throw new Error(`round ${at} of seed ${SEED}, level ${level}: ${(error as Error).stack}`, {
            cause: error,
          });
        }
      }
    });
  }

  it("changed saved sessions are left alone or read, whatever is in them", async () => {
    const world = new World();
    const client = await world.connected(hello({ sessionExpiryInterval: 60 }));
    await client.sendAndWait(subscribe5("a/#"), subscribe5("$share/g/b"), publish5("a", 2));
    const dice = new Dice(SEED);
    for (let at = 0; at < ROUNDS; at += 1) {
      const host = new RecordingHost();
      for (const [key, value] of world.host.states.values) {
        host.states.values.set(key, dice.roll(2) === 0 ? mutated(Buffer.from(value), dice) : value);
      }
      new World({}, 10, host);
    }
  });
});
