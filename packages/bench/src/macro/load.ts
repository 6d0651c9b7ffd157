import { connect, type Socket } from "node:net";

/** One subscriber and one publisher per topic, QoS 0, as many messages as the broker takes. */
export interface LoadOptions {
  readonly port: number;
  readonly pairs: number;
  readonly payloadBytes: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Messages a publisher may have on the way. */
  readonly window: number;
}

/** What came through. */
export interface LoadResult {
  readonly delivered: number;
  readonly seconds: number;
}

const BURST = 16;

/** A string with its length in front. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** A packet: its first byte, its length, its parts. */
export function packet(first: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  let rest = body.length;
  for (; rest >= 0x80; rest >>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([first, ...length, rest]), body]);
}

async function opened(port: number, clientId: string): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const flags = Buffer.from([4, 0xc2, 0, 0]);
  socket.write(packet(0x10, text("MQTT"), flags, text(clientId), text("admin"), text("password")));
  await new Promise<void>((resolve, reject) => {
    socket.once("data", () => resolve());
    socket.once("error", reject);
  });
  return socket;
}

/** A topic with a publisher that keeps `window` messages on the way and a subscriber that counts bytes. */
class Pair {
  received = 0;
  #sent = 0;
  #partialBytes = 0;
  readonly #messageBytes: number;
  readonly #burst: Buffer;
  readonly #window: number;
  readonly #publisher: Socket;

  constructor(options: LoadOptions, topic: string, publisher: Socket, subscriber: Socket) {
    const message = packet(0x30, text(topic), Buffer.alloc(options.payloadBytes));
    this.#messageBytes = message.length;
    this.#burst = Buffer.concat(Array.from({ length: BURST }, () => message));
    this.#window = options.window;
    this.#publisher = publisher;
    subscriber.on("data", (chunk: Buffer) => this.#count(chunk.length));
  }

  #count(bytes: number): void {
    this.#partialBytes += bytes;
    const whole = Math.floor(this.#partialBytes / this.#messageBytes);
    this.#partialBytes -= whole * this.#messageBytes;
    this.received += whole;
    this.fill();
  }

  /** Sends until the window is full. */
  fill(): void {
    while (this.#sent - this.received + BURST <= this.#window) {
      this.#publisher.write(this.#burst);
      this.#sent += BURST;
    }
  }
}

async function openPair(options: LoadOptions, at: number, sockets: Socket[]): Promise<Pair> {
  const topic = `bench/${at}`;
  const subscriber = await opened(options.port, `sub${at}`);
  subscriber.write(packet(0x82, Buffer.from([0, 1]), text(topic), Buffer.from([0])));
  await new Promise((resolve) => subscriber.once("data", resolve));
  const publisher = await opened(options.port, `pub${at}`);
  sockets.push(subscriber, publisher);
  return new Pair(options, topic, publisher, subscriber);
}

/** Runs the load and counts what arrives in the measured time; `onMeasuring` is called when that begins. */
export async function runLoad(options: LoadOptions, onMeasuring: () => void): Promise<LoadResult> {
  const sockets: Socket[] = [];
  const pairs: Pair[] = [];
  for (let at = 0; at < options.pairs; at += 1) pairs.push(await openPair(options, at, sockets));
  for (const pair of pairs) pair.fill();
  await wait(options.warmUpMs);
  const total = (): number => pairs.reduce((sum, { received }) => sum + received, 0);
  const before = total();
  const start = performance.now();
  onMeasuring();
  await wait(options.measuredMs);
  const result = { delivered: total() - before, seconds: (performance.now() - start) / 1_000 };
  for (const socket of sockets) socket.destroy();
  return result;
}

async function wait(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
