import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import type { Instance } from "./instance.ts";
import {
  bytesOf,
  type Packet,
  PacketCutter,
  packet,
  publishOf,
  type Received,
  TYPE,
  text,
  two,
} from "./mqtt-packet.ts";
import { openStream, type Way } from "./streams.ts";
import { Mailbox, PATIENCE_MS, within } from "./waiting.ts";

/** How a client says hello. */
export interface MqttHello {
  readonly clientId?: string;
  readonly clean?: boolean;
  /** 3: MQTT 3.1, 4: MQTT 3.1.1. */
  readonly level?: number;
  readonly keepAlive?: number;
  readonly user?: string;
  readonly password?: string;
  readonly will?: {
    readonly topic: string;
    readonly body: string;
    readonly qos?: number;
    readonly retain?: boolean;
  };
  readonly way?: Way;
}

/** An MQTT connection on which every byte is ours. It acknowledges nothing by itself. */
export class MqttWire {
  readonly stream: Duplex;
  readonly #packets: Mailbox<Packet> = new Mailbox();
  readonly #closed: Promise<void>;
  #ids = 0;

  constructor(stream: Duplex) {
    this.stream = stream;
    const cutter = new PacketCutter((one) => this.#packets.put(one));
    stream.on("data", (chunk: Buffer) => cutter.read(chunk));
    stream.on("error", () => undefined);
    stream.on("end", () => stream.destroy());
    this.#closed = new Promise((resolve) => {
      stream.on("close", () => {
        this.#packets.end(new Error("the connection closed"));
        resolve();
      });
    });
  }

  static async open(broker: Instance, way: Way = "tcp"): Promise<MqttWire> {
    return new MqttWire(await openStream(broker, way, "mqtt"));
  }

  /** Opens a connection and is let in. @returns it, and whether the session was there */
  static async connect(broker: Instance, hello: MqttHello = {}): Promise<MqttWire> {
    const wire = await MqttWire.open(broker, hello.way);
    const { code } = await wire.hello(hello);
    assert.equal(code, 0, `CONNACK ${code}`);
    return wire;
  }

  async hello(hello: MqttHello = {}): Promise<{ code: number; present: boolean }> {
    this.raw(connectPacket(hello));
    const { body } = await this.expect(TYPE.CONNACK);
    return { present: (body[0]! & 1) === 1, code: body[1]! };
  }

  raw(bytes: Uint8Array): void {
    this.stream.write(bytes);
  }

  receive(what = "a packet", ms: number = PATIENCE_MS): Promise<Packet> {
    return this.#packets.take(what, ms);
  }

  async expect(type: number, ms?: number): Promise<Packet> {
    const found = await this.receive(`packet ${type}`, ms);
    assert.equal(found.type, type, `packet type ${found.type} instead of ${type}`);
    return found;
  }

  /** Subscribes and gives the codes of the SUBACK; what filters bring comes behind it. */
  async subscribe(filter: string, qos = 0): Promise<number[]> {
    const id = this.nextId();
    this.raw(packet(TYPE.SUBSCRIBE, 2, two(id), text(filter), bytesOf(qos)));
    const { body } = await this.expect(TYPE.SUBACK);
    assert.equal(body.readUInt16BE(0), id);
    return [...body.subarray(2)];
  }

  async unsubscribe(filter: string): Promise<void> {
    this.raw(packet(TYPE.UNSUBSCRIBE, 2, two(this.nextId()), text(filter)));
    await this.expect(TYPE.UNSUBACK);
  }

  /** Publishes and finishes the handshake; nothing else may come meanwhile. */
  async publish(topic: string, body: string | Uint8Array, qos = 0, retain = false): Promise<void> {
    const id = this.publishOnly(topic, body, qos, retain);
    if (qos === 1) return this.#expectId(TYPE.PUBACK, id);
    if (qos === 0) return;
    await this.#expectId(TYPE.PUBREC, id);
    this.raw(packet(TYPE.PUBREL, 2, two(id)));
    await this.#expectId(TYPE.PUBCOMP, id);
  }

  /** Sends a PUBLISH and waits for nothing. @returns its packet id */
  publishOnly(topic: string, body: string | Uint8Array, qos = 0, retain = false, dup = false): number {
    const id = qos === 0 ? 0 : this.nextId();
    const flags = (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
    this.raw(packet(TYPE.PUBLISH, flags, text(topic), qos === 0 ? bytesOf() : two(id), Buffer.from(body)));
    return id;
  }

  async #expectId(type: number, id: number): Promise<void> {
    const { body } = await this.expect(type);
    assert.equal(body.readUInt16BE(0), id);
  }

  /** Next packet, which must be a PUBLISH; it is acknowledged as its QoS asks. */
  async message(ms?: number): Promise<Received> {
    const received = publishOf(await this.expect(TYPE.PUBLISH, ms));
    if (received.qos === 1) this.raw(packet(TYPE.PUBACK, 0, two(received.id)));
    if (received.qos === 2) {
      this.raw(packet(TYPE.PUBREC, 0, two(received.id)));
      await this.#expectId(TYPE.PUBREL, received.id);
      this.raw(packet(TYPE.PUBCOMP, 0, two(received.id)));
    }
    return received;
  }

  /** Next message, which must be this. */
  async expectMessage(topic: string, body: string): Promise<Received> {
    const received = await this.message();
    assert.deepEqual([received.topic, received.body.toString("utf8")], [topic, body]);
    return received;
  }

  nextId(): number {
    this.#ids = (this.#ids % 65_535) + 1;
    return this.#ids;
  }

  /** What comes up to the answer of a PINGREQ: messages that are on their way would be among it. */
  async roundTrip(): Promise<Packet[]> {
    this.raw(packet(TYPE.PINGREQ, 0));
    const found: Packet[] = [];
    for (;;) {
      const one = await this.receive("PINGRESP");
      if (one.type === TYPE.PINGRESP) return found;
      found.push(one);
    }
  }

  async disconnect(): Promise<void> {
    this.raw(packet(TYPE.DISCONNECT, 0));
    await this.ended();
  }

  /** Closes the socket without a word. */
  async drop(): Promise<void> {
    this.stream.destroy();
    await this.#closed;
  }

  ended(ms: number = PATIENCE_MS): Promise<void> {
    return within(this.#closed, "the end of the connection", ms);
  }

  get waiting(): number {
    return this.#packets.size;
  }
}

/** Bytes of a CONNECT. */
export function connectPacket(hello: MqttHello): Buffer {
  const { clientId = "", clean = true, level = 4, keepAlive = 0, user, password, will } = hello;
  const willFlags = will === undefined ? 0 : 4 | ((will.qos ?? 0) << 3) | (will.retain === true ? 32 : 0);
  const flags =
    (clean ? 2 : 0) | willFlags | (user === undefined ? 0 : 128) | (password === undefined ? 0 : 64);
  return packet(
    TYPE.CONNECT,
    0,
    text(level === 3 ? "MQIsdp" : "MQTT"),
    bytesOf(level, flags),
    two(keepAlive),
    text(clientId),
    ...(will === undefined ? [] : [text(will.topic), text(will.body)]),
    ...(user === undefined ? [] : [text(user)]),
    ...(password === undefined ? [] : [text(password)]),
  );
}
