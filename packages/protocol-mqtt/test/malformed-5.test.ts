import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settled } from "@tsapollo/testkit";
import { REASON } from "../src/index.ts";
import { assertPackets, World } from "./client.ts";
import { connected5, field, rawConnect5, rawPacket } from "./client-5.ts";

const { MALFORMED_PACKET: MALFORMED, PROTOCOL_ERROR: PROTOCOL } = REASON;
const ID = Buffer.of(0, 7);
const A = field("a");
const NUL = Buffer.of(0, 1, 0);
const BROKEN = Buffer.of(0, 1, 0xff);
const SURROGATE = Buffer.of(0, 3, 0xed, 0xa0, 0x80);

/** A PUBLISH of QoS 0 to `a` with these properties. */
function publish(...properties: (number | Uint8Array)[]): Buffer {
  const bytes = Buffer.concat(properties.map((one) => (typeof one === "number" ? Buffer.of(one) : one)));
  return rawPacket(0x30, A, bytes.length, bytes, 0x78);
}

type Case = readonly [name: string, bytes: Uint8Array, reason: number];

const PACKETS: readonly Case[] = [
  ["[MQTT5-2.1.3-1] a reserved type", Buffer.of(0x00, 0), MALFORMED],
  ["[MQTT5-2.1.3-1] flags of PINGREQ", Buffer.of(0xc1, 0), MALFORMED],
  ["[MQTT5-3.8.1-1] flags of SUBSCRIBE", Buffer.of(0x80, 0), MALFORMED],
  ["[MQTT5-3.10.1-1] flags of UNSUBSCRIBE", Buffer.of(0xa0, 0), MALFORMED],
  ["[MQTT5-3.6.1-1] flags of PUBREL", Buffer.of(0x60, 2, 0, 1), MALFORMED],
  ["[MQTT5-3.14.1-1] flags of DISCONNECT", Buffer.of(0xe1, 0), MALFORMED],
  ["[MQTT5-3.15.1-1] flags of AUTH", Buffer.of(0xf1, 0), MALFORMED],
  ["[MQTT5-3.3.1-4] QoS 3", Buffer.of(0x36, 0), MALFORMED],
  ["[MQTT5-3.3.1-2] DUP with QoS 0", Buffer.of(0x38, 0), MALFORMED],
  ["a packet that only servers send", Buffer.of(0x20, 2, 0, 0), MALFORMED],
  ["a remaining length of five bytes", Buffer.of(0x30, 0xff, 0xff, 0xff, 0xff, 1), MALFORMED],
  ["[MQTT5-1.5.5-1] a remaining length longer than need be", Buffer.of(0xc0, 0x80, 0), MALFORMED],
  ["PINGREQ with a body", Buffer.of(0xc0, 1, 0), MALFORMED],
  ["a PUBLISH that ends in its topic name", rawPacket(0x30, 0, 9, 0x61), MALFORMED],
  ["[MQTT5-3.3.2-1] a topic name that is no UTF-8", rawPacket(0x30, BROKEN, 0), MALFORMED],
  ["[MQTT5-1.5.4-1] a surrogate in a topic name", rawPacket(0x30, SURROGATE, 0), MALFORMED],
  ["[MQTT5-1.5.4-2] [MQTT5-4.7.3-2] U+0000 in a topic name", rawPacket(0x30, NUL, 0), MALFORMED],
  ["[MQTT5-2.2.1-3] packet id 0", rawPacket(0x32, A, 0, 0, 0), MALFORMED],
  ["[MQTT5-2.2.1-2] no packet id", rawPacket(0x32, A), MALFORMED],
  ["[MQTT5-2.2.2-1] no property length", rawPacket(0x30, A), MALFORMED],
  ["properties longer than the packet", rawPacket(0x30, A, 9, 1, 0), MALFORMED],
  ["a property length longer than need be", rawPacket(0x30, A, 0x80, 0), MALFORMED],
  ["a property length of five bytes", rawPacket(0x30, A, 0xff, 0xff, 0xff, 0xff, 1), MALFORMED],
  ["an unknown property", publish(0x7f, 0), MALFORMED],
  ["a property of CONNECT in PUBLISH", publish(17, 0, 0, 0, 1), MALFORMED],
  ["a property twice", publish(1, 0, 1, 0), PROTOCOL],
  ["payload format 2", publish(1, 2), PROTOCOL],
  ["an expiry that is cut off", publish(2, 0, 0), MALFORMED],
  ["a content type that is cut off", publish(3, 0, 5, 0x61), MALFORMED],
  ["[MQTT5-3.3.2-19] a content type that is no UTF-8", publish(3, BROKEN), MALFORMED],
  ["[MQTT5-3.3.2-13] a response topic that is no UTF-8", publish(8, BROKEN), MALFORMED],
  ["[MQTT5-1.5.7-1] a user property whose value is no UTF-8", publish(38, A, BROKEN), MALFORMED],
  ["a user property without value", publish(38, A), MALFORMED],
  ["a topic alias of one byte", publish(35, 1), MALFORMED],
  ["an acknowledgement of one byte", Buffer.of(0x40, 1, 0), MALFORMED],
  ["an acknowledgement with id 0", Buffer.of(0x40, 2, 0, 0), MALFORMED],
  ["[MQTT5-3.4.2-1] an unknown reason code in PUBACK", rawPacket(0x40, ID, 0x42), MALFORMED],
  ["[MQTT5-3.7.2-1] a reason code of PUBACK in PUBCOMP", rawPacket(0x70, ID, 0x97), MALFORMED],
  ["PUBACK whose properties do not fit", rawPacket(0x40, ID, 0, 5, 38), MALFORMED],
  ["a reason string twice in PUBREC", rawPacket(0x50, ID, 0, 8, 31, A, 31, A), PROTOCOL],
  ["[MQTT5-3.8.3-2] SUBSCRIBE without filters", rawPacket(0x82, ID, 0), PROTOCOL],
  ["[MQTT5-2.2.1-3] SUBSCRIBE with id 0", rawPacket(0x82, 0, 0, 0, A, 0), PROTOCOL],
  ["[MQTT5-3.8.3-5] reserved bits in options", rawPacket(0x82, ID, 0, A, 0x40), MALFORMED],
  ["SUBSCRIBE with QoS 3", rawPacket(0x82, ID, 0, A, 3), MALFORMED],
  ["retain handling 3", rawPacket(0x82, ID, 0, A, 0x30), PROTOCOL],
  ["[MQTT5-3.8.3-1] a filter that is no UTF-8", rawPacket(0x82, ID, 0, BROKEN, 0), MALFORMED],
  ["a filter without options", rawPacket(0x82, ID, 0, A), MALFORMED],
  ["[MQTT5-4.7.3-1] an empty filter", rawPacket(0x82, ID, 0, field(""), 0), PROTOCOL],
  ["subscription identifier 0", rawPacket(0x82, ID, 2, 11, 0, A, 0), PROTOCOL],
  ["subscription identifier twice", rawPacket(0x82, ID, 4, 11, 1, 11, 2, A, 0), PROTOCOL],
  ["[MQTT5-3.10.3-2] UNSUBSCRIBE without filters", rawPacket(0xa2, ID, 0), PROTOCOL],
  ["[MQTT5-3.10.3-1] UNSUBSCRIBE of what is no UTF-8", rawPacket(0xa2, ID, 0, BROKEN), MALFORMED],
  ["[MQTT5-3.14.2-1] an unknown reason in DISCONNECT", rawPacket(0xe0, 0x42), MALFORMED],
  ["server reference in DISCONNECT", rawPacket(0xe0, 0, 4, 28, A), MALFORMED],
  ["bytes behind the properties of DISCONNECT", rawPacket(0xe0, 0, 0, 1), MALFORMED],
];

const WILL = 0x06;
const CONNECTS: readonly Case[] = [
  ["[MQTT5-3.1.2-3] the reserved flag", rawConnect5({ flags: 3 }), MALFORMED],
  ["[MQTT5-3.1.2-11] will QoS without will", rawConnect5({ flags: 0x0a }), MALFORMED],
  [
    "[MQTT5-3.1.2-12] will QoS 3",
    rawConnect5({ flags: 0x1e, fields: ["c", Buffer.of(0), "w", "m"] }),
    MALFORMED,
  ],
  ["[MQTT5-3.1.2-13] will retain without will", rawConnect5({ flags: 0x22 }), MALFORMED],
  ["[MQTT5-3.1.3-1] [MQTT5-3.1.2-9] no will behind the flag", rawConnect5({ flags: WILL }), MALFORMED],
  ["[MQTT5-3.1.3-3] no client id", rawConnect5({ fields: [] }), MALFORMED],
  ["[MQTT5-3.1.3-4] a client id that is no UTF-8", rawConnect5({ fields: [BROKEN] }), MALFORMED],
  [
    "[MQTT5-3.1.3-11] a will topic that is no UTF-8",
    rawConnect5({ flags: WILL, fields: ["c", Buffer.of(0), BROKEN, "m"] }),
    MALFORMED,
  ],
  [
    "[MQTT5-3.1.3-12] [MQTT5-3.1.2-17] a user name that is no UTF-8",
    rawConnect5({ flags: 0x82, fields: ["c", BROKEN] }),
    MALFORMED,
  ],
  ["[MQTT5-3.1.2-18] [MQTT5-3.1.2-19] no password behind the flag", rawConnect5({ flags: 0x42 }), MALFORMED],
  ["[MQTT5-3.1.2-16] a user name without the flag", rawConnect5({ fields: ["c", "u"] }), MALFORMED],
  ["receive maximum 0", rawConnect5({ properties: Buffer.of(33, 0, 0) }), PROTOCOL],
  ["maximum packet size 0", rawConnect5({ properties: Buffer.of(39, 0, 0, 0, 0) }), PROTOCOL],
  ["request problem information 2", rawConnect5({ properties: Buffer.of(23, 2) }), PROTOCOL],
  ["session expiry twice", rawConnect5({ properties: Buffer.of(17, 0, 0, 0, 1, 17, 0, 0, 0, 1) }), PROTOCOL],
  ["authentication data without method", rawConnect5({ properties: Buffer.of(22, 0, 1, 1) }), PROTOCOL],
  ["a property of PUBLISH", rawConnect5({ properties: Buffer.of(35, 0, 1) }), MALFORMED],
  [
    "will delay among the properties of CONNECT",
    rawConnect5({ properties: Buffer.of(24, 0, 0, 0, 1) }),
    MALFORMED,
  ],
  [
    "session expiry among those of the will",
    rawConnect5({ flags: WILL, fields: ["c", Buffer.of(5, 17, 0, 0, 0, 1), "w", "m"] }),
    MALFORMED,
  ],
];

describe("MQTT 5.0: malformed packets and protocol errors [MQTT5-4.13.1-1]", () => {
  for (const [name, bytes, reasonCode] of PACKETS) {
    it(`${name}: DISCONNECT ${reasonCode}`, async () => {
      const client = await connected5(new World());
      const answers = client.raw(bytes);
      assertPackets(answers, [{ cmd: "disconnect", reasonCode }]);
      assert.equal(client.connection.state, "closing");
      assert.equal(client.host.closed, true);
    });
  }

  for (const [name, bytes, reasonCode] of CONNECTS) {
    it(`${name}: CONNACK ${reasonCode}`, async () => {
      const client = new World().client();
      client.level = 5;
      const answers = client.raw(bytes);
      await settled();
      assertPackets([...answers, ...client.answers()], [{ cmd: "connack", reasonCode }]);
      assert.equal(client.connection.state, "closing");
    });
  }

  it("[MQTT5-3.1.2-1] [MQTT5-4.13.2-1] another protocol is closed without answer", () => {
    const client = new World().client();
    assert.deepEqual(client.raw(rawPacket(0x10, field("MQTX"), 5, 2, 0, 0, 0, A)), []);
    assert.equal(client.connection.state, "closing");
  });

  it("[MQTT5-3.1.2-2] a later version is answered with what is unacceptable about it", () => {
    const client = new World().client();
    assertPackets(client.raw(rawPacket(0x10, field("MQTT"), 6, 2, 0, 0, 0, A)), [
      { cmd: "connack", returnCode: 1 },
    ]);
  });

  it("[MQTT5-3.1.0-1] what comes before CONNECT is not answered", () => {
    const client = new World().client();
    assert.deepEqual(client.raw(0xc0, 0), []);
    assert.equal(client.connection.state, "closing");
  });

  it("[MQTT5-1.5.4-3] a byte order mark is a character like others", async () => {
    const client = await connected5(new World());
    client.raw(rawPacket(0x30, field("\ufeffa"), 0));
    assert.equal(client.host.published[0]!.address.id, "\\ufeffa");
  });
});
