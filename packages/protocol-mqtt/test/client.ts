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

  /** @param host a host whose saved values another world left */
  constructor(
    options: Partial<MqttOptions> = {},
    sessionsMax = 1_000,
    host: RecordingHost = new RecordingHost(),
    mechanisms: readonly AuthenticationMechanism[] = [],
  ) {
    this.host = host;
    this.sessions = new MqttSessions(sessionsMax);
    this.adapter = new MqttAdapter(this.sessions, options, mechanisms);
    this.sessions.hostStarted(host, { reception: new TestReception(), clock: this.clock, logger: this.log });
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
    this.connection.feed(connectBytes(connect));
    await settled();
    return this.answers();
  }

  /** Sends packets; returns what came back. */
  send(...packets: Packet[]): Packet[] {
    for (const packet of packets) this.connection.feed(generate(packet));
    return this.answers();
  }

  /** What was written since the last call. */
  answers(): Packet[] {
    return packets(this.connection.output.take());
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
export function packets(bytes: Uint8Array): Packet[] {
  const found: Packet[] = [];
  const reading = parser({ protocolVersion: 4 });
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
  return message(MQTT_CODEC, bytes, bytes.length - body.length, bytes.length, qos > 0);
}

/** A message of another protocol: one header line, then the body. */
export function foreignMessage(body: string, persistent = false): Message {
  const bytes = Buffer.from(`destination:x\n\n${body}`);
  return message(FOREIGN_CODEC, bytes, 15, bytes.length, persistent);
}

const FOREIGN_CODEC: MessageCodec = {
  id: "other",
  property: () => undefined,
  toNeutral: (one) => ({ body: one.body(), properties: new Map() }),
};

function message(
  codec: MessageCodec,
  bytes: Uint8Array,
  bodyStart: number,
  end: number,
  persistent: boolean,
): Message {
  return new Message({
    codec,
    bytes,
    start: 0,
    bodyStart,
    bodyEnd: end,
    end,
    borrowed: false,
    persistent,
    retain: "none",
    expiresAtMs: 0,
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
