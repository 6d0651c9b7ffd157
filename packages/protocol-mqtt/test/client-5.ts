import { TestDelivery } from "@tsapollo/testkit";
import type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from "mqtt-packet";
import { encodePublish5, Mqtt5MessageCodec, PropertyWriter, prefixed } from "../src/index.ts";
import { type Client, messageOf, topic, type World } from "./client.ts";

/** A CONNECT of MQTT 5.0. */
export function hello(
  properties: IConnectPacket["properties"] = {},
  rest: Partial<IConnectPacket> = {},
): Partial<IConnectPacket> {
  return { protocolVersion: 5, properties, ...rest };
}

/** An MQTT 5.0 client that is let in. */
export function connected5(
  world: World,
  properties: IConnectPacket["properties"] = {},
  rest: Partial<IConnectPacket> = {},
): Promise<Client> {
  return world.connected(hello(properties, rest));
}

/** A PUBLISH of MQTT 5.0. */
export function publish5(
  name: string,
  qos: 0 | 1 | 2 = 0,
  properties: IPublishPacket["properties"] = {},
  rest: Partial<IPublishPacket> = {},
): IPublishPacket {
  const common = { cmd: "publish", topic: name, payload: "x", qos, dup: false, retain: false } as const;
  return { ...common, ...(qos > 0 ? { messageId: 7 } : {}), properties, ...rest };
}

/** A SUBSCRIBE of one filter with options of MQTT 5.0. */
export function subscribe5(
  filter: string,
  options: Partial<ISubscribePacket["subscriptions"][number]> = {},
  subscriptionIdentifier?: number,
): Packet {
  const properties = subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier };
  return {
    cmd: "subscribe",
    messageId: 9,
    subscriptions: [{ topic: filter, qos: 2, nl: false, rap: false, rh: 0, ...options }],
    properties,
  };
}

/** A delivery of a message that an MQTT 5.0 client published, with these user properties. */
export function delivery5(
  name: string,
  qos: number,
  user: Readonly<Record<string, string>> = {},
  rest: ConstructorParameters<typeof TestDelivery>[2] & { expiresAtMs?: number; retain?: "set" } = {},
): TestDelivery {
  const writer = new PropertyWriter(10_000);
  for (const [key, value] of Object.entries(user)) writer.pair(key, value);
  const body = Buffer.from("x");
  const first = 0x30 | (qos << 1) | (rest.retain === "set" ? 1 : 0);
  const bytes = encodePublish5(prefixed(name), first, 1, writer.bytes(), body);
  const { expiresAtMs = 0, retain = "none" } = rest;
  const message = messageOf(new Mqtt5MessageCodec(), bytes, bytes.length - 1, { qos, expiresAtMs, retain });
  return new TestDelivery(message, topic(...name.split("/")), rest);
}

/** The properties of a packet as `mqtt-packet` read them. */
export function propertiesOf(packet: Packet | undefined): Record<string, unknown> {
  return ((packet as { properties?: Record<string, unknown> } | undefined)?.properties ?? {}) as Record<
    string,
    unknown
  >;
}

/** Text or bytes with their length in front. */
export function field(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

/** A packet put together by hand; bodies are shorter than 16384 bytes. */
export function rawPacket(first: number, ...body: (number | Uint8Array)[]): Buffer {
  const bytes = Buffer.concat(body.map((one) => (typeof one === "number" ? Buffer.of(one) : one)));
  const length =
    bytes.length < 128 ? Buffer.of(bytes.length) : Buffer.of((bytes.length & 0x7f) | 0x80, bytes.length >> 7);
  return Buffer.concat([Buffer.of(first), length, bytes]);
}

/** A CONNECT of MQTT 5.0 put together by hand: what no library writes. */
export function rawConnect5(parts: {
  readonly flags?: number;
  readonly properties?: Uint8Array;
  readonly fields?: readonly (string | Uint8Array)[];
}): Buffer {
  const { flags = 2, properties = new Uint8Array(0), fields = ["c1"] } = parts;
  const head = [field("MQTT"), 5, flags, 0, 0, properties.length, properties];
  return rawPacket(0x10, ...head, ...fields.map((one) => (typeof one === "string" ? field(one) : one)));
}
