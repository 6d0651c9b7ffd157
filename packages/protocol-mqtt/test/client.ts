import assert from "node:assert/strict";
import { Address, type Logger, Message, type MessageCodec, type ProtocolHandler } from "@tsapollo/domain";
import {
  FakeClock,
  type RecordedSubscription,
  RecordingHost,
  settled,
  TestConnection,
  TestDelivery,
  TestReception,
} from "@tsapollo/testkit";
import { generate, type IConnectPacket, type IPublishPacket, type Packet, parser } from "mqtt-packet";
import {
  type AuthenticationMechanism,
  encodePublish,
  MQTT_CODEC,
  MqttAdapter,
  type MqttOptions,
  MqttSessions,
  prefixed,
} from "../src/index.ts";

/** A logger that keeps what was said. */
export class ListLogger implements Logger {
  readonly lines: string[] = [];
  child(): Logger {
    return this;
  }
  debug(): void {}
  info(): void {}
  warn(fields: Record<string, unknown>, event: string): void {
    this.lines.push(`${event}: ${fields["reason"] ?? ""}`);
  }
  error(fields: Record<string, unknown>, event: string): void {
    this.lines.push(`ERROR ${event}: ${String(fields["error"])}`);
  }
}

/** What several clients of one test have in common. */
export class World {
  readonly sessions: MqttSessions;
  readonly adapter: MqttAdapter;
  readonly clock: FakeClock = new FakeClock();
  readonly log: ListLogger = new ListLogger();
  /** The virtual host as the broker sees it: what sessions save, and what is destroyed with them. */
  readonly host: RecordingHost;
  /** Who was let in without being here. */
  readonly absent: string[] = [];

  /**
   * @param host a host whose saved values another world left
   * @param laterMs how much later it is than in that one
   */
  constructor(
    options: Partial<MqttOptions> = {},
    sessionsMax = 1_000,
    host: RecordingHost = new RecordingHost(),
    mechanisms: readonly AuthenticationMechanism[] = [],
    laterMs = 0,
  ) {
    this.clock.advance(laterMs);
    this.host = host;
    this.sessions = new MqttSessions(sessionsMax);
    this.adapter = new MqttAdapter(this.sessions, options, mechanisms);
    const services = { reception: new TestReception(), clock: this.clock, logger: this.log };
    this.sessions.hostStarted(host, services, (identity, connectorId) => {
      this.absent.push(
        `${identity?.userName} ${identity?.principals.map(({ name }) => name)} ${connectorId}`,
      );
      return host;
    });
  }

  client(): Client {
    return new Client(this);
  }

  /** A client that is let in. */
  async connected(connect: Partial<IConnectPacket> = {}): Promise<Client> {
    const client = this.client();
    await client.connect(connect);
    return client;
  }
}

/** One client against one handler, each with a recording host of its own. */
export class Client {
  readonly connection: TestConnection = new TestConnection();
  readonly reception: TestReception = new TestReception();
  readonly handler: ProtocolHandler;
  /** Protocol level of what it sends and reads. */
  level = 4;

  constructor(world: World) {
    const { clock, log: logger } = world;
    this.handler = world.adapter.createHandler(this.connection, { reception: this.reception, clock, logger });
    this.connection.attach(this.handler);
  }

  get host(): RecordingHost {
    return this.reception.host;
  }

  get subscription(): RecordedSubscription {
    return this.host.subscriptions.at(-1)!;
  }

  /** Sends CONNECT; returns the answers. */
  async connect(connect: Partial<IConnectPacket> = {}): Promise<Packet[]> {
    this.level = connect.protocolVersion ?? 4;
    this.connection.feed(connectBytes(connect));
    await settled();
    return this.answers();
  }

  /** Sends packets; returns what came back. */
  send(...packets: Packet[]): Packet[] {
    for (const packet of packets) this.connection.feed(generate(packet, { protocolVersion: this.level }));
    return this.answers();
  }

  /** What was written since the last call. */
  answers(): Packet[] {
    return packets(this.connection.output.take(), this.level);
  }

  /** Sends packets and waits until what must be saved first is saved; returns what came back. */
  async sendAndWait(...packets: Packet[]): Promise<Packet[]> {
    const atOnce = this.send(...packets);
    await settled();
    return [...atOnce, ...this.answers()];
  }

  /** Sends bytes as they are; returns what came back. */
  raw(...bytes: (number | Uint8Array)[]): Packet[] {
    this.connection.feed(Buffer.concat(bytes.map((one) => (typeof one === "number" ? Buffer.of(one) : one))));
    return this.answers();
  }

  /** Offers a delivery and returns the PUBLISH that came out, if any. */
  offer(delivery: TestDelivery): IPublishPacket | undefined {
    this.subscription.consumer.offer(delivery);
    return this.answers()[0] as IPublishPacket | undefined;
  }

  subscribe(topic: string, qos: 0 | 1 | 2 = 0): Packet[] {
    return this.send({ cmd: "subscribe", messageId: 9, subscriptions: [{ topic, qos }] });
  }

  /** The socket breaks. */
  drop(): void {
    this.connection.state = "destroyed";
    this.handler.closed();
  }
}

/** A CONNECT of MQTT 3.1.1, clean, unless told otherwise. */
export function connectBytes(connect: Partial<IConnectPacket> = {}): Buffer {
  return generate({
    cmd: "connect",
    clientId: "c1",
    clean: true,
    protocolVersion: 4,
    keepalive: 0,
    ...connect,
  });
}

/** Reads a stream of packets. */
export function packets(bytes: Uint8Array, protocolVersion = 4): Packet[] {
  const found: Packet[] = [];
  const reading = parser({ protocolVersion });
  reading.on("packet", (packet) => found.push(packet));
  reading.on("error", (error) => {
    throw error;
  });
  reading.parse(Buffer.from(bytes));
  return found;
}

/** A message as an MQTT client published it. */
export function mqttMessage(
  topic: string,
  qos: number,
  payload: string | Uint8Array,
  retain = false,
): Message {
  const body = Buffer.from(payload as string);
  const bytes = encodePublish(prefixed(topic), 0x30 | (qos << 1) | (retain ? 1 : 0), 1, body);
  return messageOf(MQTT_CODEC, bytes, bytes.length - body.length, { qos });
}

/** A message of another protocol: one header line, then the body. */
export function foreignMessage(body: string, persistent = false): Message {
  const bytes = Buffer.from(`destination:x\n\n${body}`);
  return messageOf(FOREIGN_CODEC, bytes, 15, { qos: persistent ? 1 : 0 });
}

const FOREIGN_CODEC: MessageCodec = {
  id: "other",
  property: () => undefined,
  toNeutral: (one) => ({ body: one.body(), properties: new Map() }),
};

/** A message of some encoding. */
export function messageOf(
  codec: MessageCodec,
  bytes: Uint8Array,
  bodyStart: number,
  rest: { readonly qos: number; readonly expiresAtMs?: number; readonly retain?: "set" | "none" },
): Message {
  return new Message({
    codec,
    bytes,
    start: 0,
    bodyStart,
    bodyEnd: bytes.length,
    end: bytes.length,
    borrowed: false,
    persistent: rest.qos > 0,
    retain: rest.retain ?? "none",
    expiresAtMs: rest.expiresAtMs ?? 0,
    priority: 4,
    groupKey: undefined,
  });
}

export function topic(...path: string[]): Address {
  return new Address("topic", path);
}

/** A delivery of a message that an MQTT client published. */
export function delivery(
  name: string,
  qos: number,
  payload: string,
  rest?: ConstructorParameters<typeof TestDelivery>[2],
): TestDelivery {
  return new TestDelivery(mqttMessage(name, qos, payload), topic(...name.split("/")), rest);
}

/** Packets are exactly these, as far as the fields are named. */
export function assertPackets(actual: readonly Packet[], expected: readonly Record<string, unknown>[]): void {
  const shown = actual.map((packet, at) => {
    const names = Object.keys(expected[at] ?? { cmd: "" });
    return Object.fromEntries(
      names.map((name) => [name, (packet as unknown as Record<string, unknown>)[name]]),
    );
  });
  assert.deepEqual(shown, expected);
}
