import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError, Message } from "@tsapollo/domain";
import { TestOutput } from "@tsapollo/testkit";
import fc from "fast-check";
import { generate, type IPublishPacket, type Packet, parser } from "mqtt-packet";
import {
  commonProperties,
  DEFAULT_MQTT_OPTIONS,
  INCOMPLETE,
  Mqtt5MessageCodec,
  MqttAddresses,
  OwnProperties,
  PacketDecoder,
  PublishProperties,
  prefixed,
  TopicNames,
  writePublish5,
} from "../src/index.ts";

const LIMIT = 10_000;
const codec = new Mqtt5MessageCodec();
const names = new TopicNames(new MqttAddresses(DEFAULT_MQTT_OPTIONS));

const text = fc
  .string({ maxLength: 12 })
  .filter((one) => !one.includes("\0") && Buffer.from(one).toString() === one);
/** The library forgets empty values before others of the same name. */
const value = text.filter((one) => one !== "");
const topicText = fc.stringMatching(/^[a-z/]{1,12}$/);
const userProperties = fc
  .uniqueArray(fc.tuple(text, fc.array(value, { minLength: 1, maxLength: 3 })), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 4,
  })
  .map((pairs) =>
    Object.fromEntries(pairs.map(([name, values]) => [name, values.length === 1 ? values[0]! : values])),
  );
const properties = fc.record(
  {
    payloadFormatIndicator: fc.boolean(),
    messageExpiryInterval: fc.integer({ min: 1, max: 0xffff_ffff }),
    topicAlias: fc.integer({ min: 1, max: 65_535 }),
    responseTopic: topicText,
    correlationData: fc.uint8Array({ maxLength: 10 }).map((one) => Buffer.from(one)),
    userProperties,
    contentType: text,
  },
  { requiredKeys: [] },
);
const publish: fc.Arbitrary<IPublishPacket> = fc
  .record({
    topic: topicText,
    qos: fc.constantFrom(0, 1, 2),
    retain: fc.boolean(),
    payload: fc.uint8Array({ maxLength: 40 }).map((one) => Buffer.from(one)),
    properties,
  })
  .map((parts) => ({ cmd: "publish", dup: false, messageId: 5, ...parts }) as IPublishPacket);

/** What the library reads; undefined when it refuses. */
function library(bytes: Uint8Array): IPublishPacket | undefined {
  let packet: Packet | undefined;
  let failed = false;
  const reading = parser({ protocolVersion: 5 });
  reading.on("packet", (one) => {
    packet ??= one;
  });
  reading.on("error", () => {
    failed = true;
  });
  try {
    reading.parse(Buffer.from(bytes));
  } catch {
    failed = true;
  }
  return failed || packet?.cmd !== "publish" ? undefined : packet;
}

interface Read {
  readonly decoder: PacketDecoder;
  readonly own: PublishProperties;
}

/** What we read; undefined when we refuse or need more. */
function direct(bytes: Uint8Array): Read | undefined {
  const decoder = new PacketDecoder(LIMIT, LIMIT);
  const own = new PublishProperties();
  try {
    const type = decoder.decode(bytes, 0, bytes.length, 5);
    if (type === INCOMPLETE || type !== 3) return undefined;
    own.read(bytes, decoder.propertiesStart, decoder.payloadStart);
    return { decoder, own };
  } catch (error) {
    assert.ok(error instanceof BrokerError, String(error));
    return undefined;
  }
}

function messageOf(bytes: Uint8Array, { decoder }: Read): Message {
  return new Message({
    codec,
    bytes,
    start: 0,
    bodyStart: decoder.payloadStart,
    bodyEnd: decoder.end,
    end: decoder.end,
    borrowed: false,
    persistent: false,
    retain: "none",
    expiresAtMs: 0,
    priority: 4,
    groupKey: undefined,
  });
}

function sameAs(bytes: Uint8Array, read: Read, packet: IPublishPacket): void {
  const { decoder, own } = read;
  assert.equal(
    bytes.subarray(decoder.topicStart, decoder.topicEnd).toString(),
    Buffer.from(packet.topic).toString(),
  );
  assert.deepEqual(Buffer.from(bytes.subarray(decoder.payloadStart, decoder.end)), packet.payload);
  assert.equal(own.alias, packet.properties?.topicAlias ?? 0);
  assert.equal(own.expirySeconds, packet.properties?.messageExpiryInterval ?? -1);
  const neutral = codec.toNeutral(messageOf(bytes, read));
  assert.equal(neutral.contentType, packet.properties?.contentType);
  const firsts = Object.entries(packet.properties?.userProperties ?? {});
  if ([...neutral.properties.values()].includes("")) return;
  assert.deepEqual(
    new Map(neutral.properties),
    new Map(firsts.map(([name, value]) => [name, Array.isArray(value) ? value[0]! : value])),
  );
}

describe("MQTT 5.0: the direct codec against mqtt-packet", () => {
  it("reads what the library writes, the same", () => {
    fc.assert(
      fc.property(publish, (packet) => {
        const bytes = generate(packet, { protocolVersion: 5 });
        const read = direct(bytes);
        assert.ok(read);
        sameAs(bytes, read, library(bytes)!);
      }),
      { numRuns: 500 },
    );
  });

  it("of changed bytes it accepts nothing that the library refuses, and reads the rest the same", () => {
    const change = fc.tuple(fc.nat(200), fc.nat(255));
    fc.assert(
      fc.property(publish, fc.array(change, { minLength: 1, maxLength: 3 }), (packet, changes) => {
        const bytes = generate(packet, { protocolVersion: 5 });
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const read = direct(bytes);
        const theirs = library(bytes.subarray(0, read?.decoder.end ?? bytes.length));
        if (read === undefined) return;
        assert.ok(theirs, bytes.toString("hex"));
        if (Buffer.from(theirs.topic).toString() === theirs.topic) sameAs(bytes, read, theirs);
      }),
      { numRuns: 2_000 },
    );
  });

  it("what it writes the library reads: common properties, own ones, payload", () => {
    const own = fc.record({
      expirySeconds: fc.constantFrom(-1, 0, 77, 0xffff_ffff),
      alias: fc.constantFrom(0, 1, 65_535),
    });
    fc.assert(
      fc.property(publish, own, fc.constantFrom(0, 1, 2), (packet, extras, qos) => {
        const bytes = generate(packet, { protocolVersion: 5 });
        const message = messageOf(bytes, direct(bytes)!);
        const output = new TestOutput();
        const first = 0x30 | (qos << 1) | (packet.retain ? 1 : 0);
        const name = prefixed(packet.topic);
        const common = commonProperties(message, names);
        const mine = Object.assign(new OwnProperties(), extras);
        const form = { name, first, packetId: 9, own: mine, common, sizeMax: LIMIT };
        assert.equal(writePublish5(output, message, form), true);
        const back = library(output.take())!;
        const { topicAlias: _, messageExpiryInterval: __, ...kept } = packet.properties!;
        const { topicAlias, messageExpiryInterval, ...seen } = back.properties ?? {};
        assert.deepEqual([back.topic, back.payload, back.qos], [packet.topic, packet.payload, qos]);
        assert.deepEqual(JSON.stringify(seen), JSON.stringify(sorted(kept, seen)));
        assert.equal(topicAlias ?? 0, extras.alias);
        assert.equal(messageExpiryInterval ?? -1, extras.expirySeconds);
      }),
      { numRuns: 500 },
    );
  });
});

/** The same object with its keys in the other's order, without what is empty. */
function sorted(object: object, order: object): object {
  const entries = Object.keys(order).map((key) => [key, (object as Record<string, unknown>)[key]]);
  return Object.fromEntries(entries);
}
