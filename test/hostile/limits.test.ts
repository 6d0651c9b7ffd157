import { describe, it } from "node:test";
import { roundTrip, whileOthersWork } from "../harness/health.ts";
import { useInstance } from "../harness/instance.ts";
import { bytesOf, lengthBytes, packet, TYPE, text, two } from "../harness/mqtt-packet.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { edits, intoConnector, withoutAuthentication } from "../harness/xml.ts";

const STOMP = '<stomp max_header_length="1k" max_headers="10" max_data_length="64k" die_delay="200"/>';
const MQTT =
  '<mqtt max_message_length="64k" max_control_length="1k" max_subscriptions="5" topic_levels_max="10" client_id_length_max="30"/>';
const RESIDENT_MAX_MIB = 400;

/** What a client sends after CONNECT; frames need not be complete: the limit must hold before. */
const TOO_MUCH_STOMP: readonly (readonly [what: string, bytes: string, error: string])[] = [
  ["an endless command", "A".repeat(100_000), "The maximum command length was exceeded"],
  ["an endless header", `SEND\na:${"b".repeat(100_000)}`, "The maximum header length was exceeded"],
  ["endless headers", `SEND\n${"a:b\n".repeat(1_000)}`, "The maximum number of headers was exceeded"],
  [
    "a body that is announced too large",
    "SEND\ndestination:/queue/a\ncontent-length:70000\n\n",
    "The maximum data length was exceeded",
  ],
  [
    "a body that is announced absurdly large",
    "SEND\ndestination:/queue/a\ncontent-length:99999999999999999999\n\n",
    "",
  ],
  ["a body that is announced negative", "SEND\ndestination:/queue/a\ncontent-length:-1\n\n", ""],
  [
    "an endless body without length",
    `SEND\ndestination:/queue/a\n\n${"x".repeat(100_000)}`,
    "The maximum data length was exceeded",
  ],
];

const levels = Array.from({ length: 20 }, () => "x").join("/");
const TOO_MUCH_MQTT: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["a PUBLISH that is announced too large", Buffer.concat([bytesOf(0x30), lengthBytes(70_000)])],
  ["a remaining length of five bytes", bytesOf(0x30, 0xff, 0xff, 0xff, 0xff, 0x01)],
  ["the largest PUBLISH there is", Buffer.concat([bytesOf(0x30), lengthBytes(268_435_455)])],
  ["a SUBSCRIBE that is announced too large", Buffer.concat([bytesOf(0x82), lengthBytes(2_000)])],
  ["a topic name with too many levels", packet(TYPE.PUBLISH, 0, text(levels))],
  ["a name that is longer than its packet", packet(TYPE.PUBLISH, 0, two(500), bytesOf(1, 2, 3))],
  ["a QoS of 3", packet(TYPE.PUBLISH, 6, text("a"), two(1))],
  ["a packet id of 0", packet(TYPE.PUBLISH, 2, text("a"), two(0))],
  ["a name that is not UTF-8", packet(TYPE.PUBLISH, 0, two(2), bytesOf(0xc3, 0x28))],
  ["a name with NUL", packet(TYPE.PUBLISH, 0, text("a\0b"))],
  ["flags that must not be", packet(TYPE.SUBSCRIBE, 0, two(1), text("a"), bytesOf(0))],
  ["a SUBSCRIBE of nothing", packet(TYPE.SUBSCRIBE, 2, two(1))],
  ["a type that is none", packet(15, 0)],
  ["what only brokers send", packet(TYPE.CONNACK, 0, two(0))],
  ["a second CONNECT", packet(TYPE.CONNECT, 0, text("MQTT"), bytesOf(4, 2, 0, 0), text("x"))],
];

describe("limits hold, also for what is not complete", { concurrency: true }, () => {
  const broker = useInstance({ xml: edits(withoutAuthentication, intoConnector("tcp", `${STOMP}${MQTT}`)) });

  for (const [what, bytes, error] of TOO_MUCH_STOMP) {
    it(`STOMP: ${what}`, async () => {
      const wire = await StompWire.connect(broker.now);
      wire.raw(bytes);
      await wire.expectError(error);
      await wire.ended();
      await roundTrip(broker.now);
    });

    it(`STOMP, before CONNECT: ${what}`, async () => {
      const wire = await StompWire.open(broker.now);
      wire.raw(`CONNECT\n${bytes.slice(bytes.indexOf("\n") + 1)}`);
      await wire.ended();
    });
  }

  for (const [what, bytes] of TOO_MUCH_MQTT) {
    it(`MQTT: ${what}`, async () => {
      const wire = await MqttWire.connect(broker.now);
      wire.raw(bytes);
      await wire.ended();
      await roundTrip(broker.now);
    });
  }

  it("MQTT: a client id that is too long", async () => {
    const wire = await MqttWire.open(broker.now);
    const { code } = await wire.hello({ clientId: "x".repeat(31) });
    if (code !== 2) throw new Error(`CONNACK ${code}`);
    await wire.drop();
  });

  it("MQTT: more subscriptions than allowed", async () => {
    const wire = await MqttWire.connect(broker.now);
    for (let i = 0; i < 5; i++) await wire.subscribe(`sub/${i}`);
    const outcome = await wire.subscribe("sub/6").catch(() => [0x80]);
    if (outcome[0] !== 0x80) throw new Error(`granted ${outcome}`);
    await wire.drop();
  });

  it("many at once leave the memory and the others alone", async () => {
    await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
      for (let round = 0; round < 10; round++) {
        const wires = await Promise.all(Array.from({ length: 20 }, () => StompWire.connect(broker.now)));
        for (const wire of wires) wire.raw(`SEND\ndestination:/queue/a\n\n${"x".repeat(60_000)}`);
        await Promise.all(wires.map((wire) => wire.drop()));
      }
    });
  });
});
