import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import fc from "fast-check";
import { generate, type Packet, parser } from "mqtt-packet";
import { INCOMPLETE, PACKET, PacketDecoder } from "../src/index.ts";

const LIMIT = 2_000;
const KIND: Record<number, string> = {
  3: "publish",
  4: "puback",
  5: "pubrec",
  6: "pubrel",
  7: "pubcomp",
  12: "pingreq",
};

/** What either decoder makes of bytes: a normal form of the packet, `incomplete`, or `refused`. */
type Result = string | Record<string, unknown>;

function direct(bytes: Uint8Array): Result {
  const decoder = new PacketDecoder(LIMIT, LIMIT);
  let type: number;
  try {
    type = decoder.decode(bytes, 0, bytes.length, 4);
  } catch (error) {
    assert.ok(error instanceof BrokerError);
    return "refused";
  }
  if (type === INCOMPLETE) return "incomplete";
  const cmd = KIND[type];
  if (cmd === undefined) return "other";
  if (type === PACKET.PINGREQ) return { cmd, end: decoder.end };
  if (type !== PACKET.PUBLISH) return { cmd, id: decoder.packetId, end: decoder.end };
  return {
    cmd,
    id: decoder.packetId,
    flags: decoder.first & 0x0f,
    topic: Buffer.from(bytes.subarray(decoder.topicStart, decoder.topicEnd)).toString("utf8"),
    payload: Buffer.from(bytes.subarray(decoder.payloadStart, decoder.end)).toString("hex"),
    end: decoder.end,
  };
}

function library(bytes: Uint8Array): Result {
  let packet: Packet | undefined;
  let failed = false;
  const reading = parser({ protocolVersion: 4 });
  reading.on("packet", (one) => {
    packet ??= one;
  });
  reading.on("error", () => {
    failed = true;
  });
  let end = 0;
  // one byte more at a time: the first packet ends where the parser first reports it
  while (packet === undefined && !failed && end < bytes.length) {
    reading.parse(Buffer.from(bytes.subarray(end, end + 1)));
    end += 1;
  }
  if (packet === undefined) return failed ? "refused" : "incomplete";
  if (!Object.values(KIND).includes(packet.cmd)) return "other";
  if (packet.cmd === "pingreq") return { cmd: packet.cmd, end };
  if (packet.cmd !== "publish") return { cmd: packet.cmd, id: packet.messageId, end };
  const { topic, qos, dup, retain } = packet;
  const flags = (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  const payload = Buffer.from(packet.payload as Buffer).toString("hex");
  return { cmd: "publish", id: packet.messageId ?? 0, flags, topic, payload, end };
}

/**
 * Where the direct decoder is stricter on purpose: packet id 0 (and the library's -1 for a missing one)
 * [MQTT-2.3.1-1], DUP with QoS 0 [MQTT-3.3.1-2], acknowledgements and PINGREQ that are too long or too short,
 * lengths above the limit.
 */
function isDeliberate(bytes: Uint8Array, theirs: Result): boolean {
  const type = bytes[0]! >> 4;
  if (type === PACKET.PUBLISH && (bytes[0]! & 0x0e) === 0x08) return true;
  if (
    (type >= PACKET.PUBACK && type <= PACKET.PUBCOMP) ||
    type === PACKET.PINGREQ ||
    type === PACKET.DISCONNECT
  ) {
    if (bytes[1] !== (type >= PACKET.PINGREQ ? 0 : 2)) return true;
  }
  if (typeof theirs === "object" && type !== PACKET.PINGREQ) {
    if (theirs["id"] === -1 || (theirs["id"] === 0 && (theirs["cmd"] !== "publish" || (bytes[0]! & 6) !== 0)))
      return true;
  }
  return remainingLength(bytes) > LIMIT;
}

function remainingLength(bytes: Uint8Array): number {
  let length = 0;
  for (let at = 1; at < 5 && at < bytes.length; at += 1) {
    length += (bytes[at]! & 0x7f) * 128 ** (at - 1);
    if (bytes[at]! < 0x80) break;
  }
  return length;
}

function compare(bytes: Uint8Array): void {
  const mine = direct(bytes);
  // the library complains about a packet's first byte and content only when all of it is there
  const whole =
    mine === "refused"
      ? Buffer.concat([bytes, Buffer.alloc(1 + Math.min(remainingLength(bytes), LIMIT))])
      : bytes;
  const theirs = library(whole);
  if (mine === "other" || theirs === "other") return; // packets that the direct decoder leaves to the library
  if (mine === "refused" && isDeliberate(bytes, theirs)) return;
  assert.deepEqual(mine, theirs, Buffer.from(bytes).toString("hex"));
}

const QOS = fc.constantFrom(0 as const, 1 as const, 2 as const);

describe("direct decoder against mqtt-packet", () => {
  it("reads every well-formed PUBLISH the same", () => {
    const publish = fc.record({
      qos: QOS,
      dup: fc.boolean(),
      retain: fc.boolean(),
      topic: fc.string({ minLength: 1, maxLength: 200, unit: "grapheme" }),
      messageId: fc.integer({ min: 1, max: 65_535 }),
      payload: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(publish, (one) => {
        const dup = one.dup && one.qos > 0;
        const bytes = generate({ cmd: "publish", ...one, dup, payload: Buffer.from(one.payload) });
        assert.equal(typeof direct(bytes), "object");
        compare(bytes);
        for (const cut of [1, 2, 3, bytes.length - 1]) compare(bytes.subarray(0, cut));
      }),
    );
  });

  it("reads every acknowledgement the same", () => {
    const command = fc.constantFrom("puback", "pubrec", "pubrel", "pubcomp");
    fc.assert(
      fc.property(command, fc.integer({ min: 1, max: 65_535 }), (cmd, messageId) => {
        const bytes = generate({ cmd, messageId } as Packet);
        assert.equal(typeof direct(bytes), "object");
        compare(bytes);
      }),
    );
  });

  it("agrees on arbitrary bytes, or is stricter on purpose", () => {
    const first = fc.oneof(
      fc.integer({ min: 0x30, max: 0x3f }),
      fc.constantFrom(0x40, 0x50, 0x62, 0x70, 0xc0),
      fc.nat(255),
    );
    const rest = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 12, max: 9 }));
    fc.assert(
      fc.property(first, rest, (one, bytes) => compare(Buffer.from([one, ...bytes]))),
      { numRuns: 5_000 },
    );
  });
});

describe("direct decoder", () => {
  const malformed: [string, number[]][] = [
    ["[MQTT-3.3.1-4] QoS 3", [0x36, 0x05, 0, 1, 0x61, 0, 1]],
    ["[MQTT-3.3.1-2] DUP with QoS 0", [0x38, 0x03, 0, 1, 0x61]],
    ["[MQTT-2.3.1-1] PUBLISH with packet id 0", [0x32, 0x05, 0, 1, 0x61, 0, 0]],
    ["PUBLISH without room for its packet id", [0x32, 0x04, 0, 1, 0x61, 1]],
    ["PUBLISH with a topic longer than the packet", [0x30, 0x03, 0, 9, 0x61]],
    ["PUBLISH without a topic length", [0x30, 0x01, 0]],
    ["[MQTT-2.2.2-1] PUBACK with flags", [0x41, 0x02, 0, 1]],
    ["[MQTT-3.6.1-1] PUBREL without its flags", [0x60, 0x02, 0, 1]],
    ["[MQTT-3.8.1-1] SUBSCRIBE without its flags", [0x80, 0x06, 0, 1, 0, 1, 0x61, 0]],
    ["[MQTT-3.10.1-1] UNSUBSCRIBE without its flags", [0xa0, 0x05, 0, 1, 0, 1, 0x61]],
    ["PUBACK with packet id 0", [0x40, 0x02, 0, 0]],
    ["PUBACK of one byte", [0x40, 0x01, 1]],
    ["PUBCOMP of three bytes, announced", [0x70, 0x03]],
    ["PINGREQ with a body", [0xc0, 0x01, 0]],
    ["[MQTT-3.14.1-1] DISCONNECT with flags", [0xe1, 0x00]],
    ["type 0", [0x00, 0x00]],
    ["type 15", [0xf0, 0x00]],
    ["CONNACK from a client", [0x20, 0x02, 0, 0]],
    ["PINGRESP from a client", [0xd0, 0x00]],
    ["a remaining length of five bytes", [0x30, 0x80, 0x80, 0x80, 0x80]],
    ["a PUBLISH above the limit, announced", [0x30, 0xff, 0xff, 0xff, 0x7f]],
    ["a SUBSCRIBE above the limit, announced", [0x82, 0xff, 0xff, 0xff, 0x7f]],
    ["a CONNECT longer than any can be, announced", [0x10, 0xff, 0xff, 0x3f]],
  ];
  for (const [name, bytes] of malformed) {
    it(`refuses ${name}`, () => assert.equal(direct(Uint8Array.from(bytes)), "refused"));
  }

  it("tells how many bytes it wants", () => {
    const decoder = new PacketDecoder(LIMIT, LIMIT);
    const bytes = generate({
      cmd: "publish",
      topic: "a",
      payload: "x".repeat(200),
      qos: 0,
      dup: false,
      retain: false,
    });
    assert.equal(decoder.decode(bytes, 0, 2, 4), INCOMPLETE);
    assert.equal(decoder.wanted, 0);
    assert.equal(decoder.decode(bytes, 0, 3, 4), INCOMPLETE);
    assert.equal(decoder.wanted, bytes.length);
  });

  it("lets MQTT 3.1 clients set DUP on SUBSCRIBE, UNSUBSCRIBE and PUBREL", () => {
    const decoder = new PacketDecoder(LIMIT, LIMIT);
    const bytes = Uint8Array.from([0x6a, 2, 0, 1]);
    assert.equal(decoder.decode(bytes, 0, 4, 3), PACKET.PUBREL);
    assert.throws(() => decoder.decode(bytes, 0, 4, 4), { code: "PROTOCOL_VIOLATION" });
  });
});
