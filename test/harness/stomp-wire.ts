import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import type { Instance } from "./instance.ts";
import { type Frame, FrameReader } from "./stomp-frame.ts";
import { type ClientKey, openStream, type Way } from "./streams.ts";
import { Mailbox, PATIENCE_MS, within } from "./waiting.ts";

/** Names and values of headers. */
export type Headers = Readonly<Record<string, string | number>>;

/** How a client says hello. */
export interface Hello {
  readonly version?: "1.0" | "1.1" | "1.2";
  readonly login?: string;
  readonly passcode?: string;
  readonly way?: Way;
  readonly key?: ClientKey;
  readonly headers?: Headers;
}

/** A STOMP connection on which every byte is ours. */
export class StompWire {
  readonly stream: Duplex;
  version: string = "1.1";
  beats: number[] = [];
  readonly #frames: Mailbox<Frame> = new Mailbox();
  readonly #closed: Promise<void>;
  #receipts = 0;

  constructor(stream: Duplex) {
    this.stream = stream;
    const reader = new FrameReader(
      (frame) => this.#frames.put(frame),
      () => this.beats.push(Date.now()),
    );
    stream.on("data", (chunk: Buffer) => reader.read(chunk));
    stream.on("error", () => undefined);
    stream.on("end", () => stream.destroy());
    this.#closed = new Promise((resolve) => {
      stream.on("close", () => {
        this.#frames.end(new Error("the connection closed"));
        resolve();
      });
    });
  }

  /** Opens a connection and says nothing. */
  static async open(broker: Instance, way: Way = "tcp", key?: ClientKey): Promise<StompWire> {
    return new StompWire(await openStream(broker, way, "v12.stomp", key));
  }

  /** Opens a connection and is let in: the helper *connect* of the scenarios. */
  static async connect(broker: Instance, hello: Hello = {}): Promise<StompWire> {
    const wire = await StompWire.open(broker, hello.way, hello.key);
    const connected = await wire.hello(hello);
    assert.equal(connected.command, "CONNECTED", connected.header("message") ?? connected.command);
    assert.equal(connected.header("version"), hello.version ?? "1.1");
    assert.ok((connected.header("session") ?? "") !== "", "CONNECTED has no session");
    return wire;
  }

  /** Sends CONNECT and gives the answer, whatever it is. */
  async hello({ version = "1.1", login, passcode, headers = {} }: Hello = {}): Promise<Frame> {
    this.version = version;
    this.send("CONNECT", {
      ...(version === "1.0" ? {} : { "accept-version": version, host: "localhost" }),
      ...(login === undefined ? {} : { login }),
      ...(passcode === undefined ? {} : { passcode }),
      ...headers,
    });
    return this.receive();
  }

  /** Writes bytes as they are. */
  raw(bytes: string | Uint8Array): void {
    this.stream.write(bytes);
  }

  send(command: string, headers: Headers = {}, body: string | Uint8Array = ""): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    this.raw(
      Buffer.concat([Buffer.from(`${command}\n${lines.join("")}\n`), Buffer.from(body), Buffer.from("\0\n")]),
    );
  }

  /** Next frame of any kind. */
  receive(what = "a frame", ms: number = PATIENCE_MS): Promise<Frame> {
    return this.#frames.take(what, ms);
  }

  /** Next frame, which must be this. */
  async expect(command: string, what: string = command): Promise<Frame> {
    const frame = await this.receive(what);
    assert.equal(frame.command, command, `${frame.command} ${frame.lines.join(" ")} instead of ${what}`);
    return frame;
  }

  /** Next frame, which must be an ERROR whose message begins so. */
  async expectError(start: string): Promise<Frame> {
    const frame = await this.expect("ERROR", `ERROR ${start}`);
    const message = decoded(frame.header("message") ?? "");
    assert.ok(message !== "" && message.startsWith(start), `message is '${message}', not '${start}…'`);
    return frame;
  }

  /** Next frame, which must be a MESSAGE with this body. */
  async message(body: string): Promise<Frame> {
    const frame = await this.expect("MESSAGE", `message '${body.slice(0, 40)}'`);
    assert.equal(frame.text, body);
    return frame;
  }

  /** Sends a frame with a receipt and waits for it; nothing else may come before. */
  async sync(command: string, headers: Headers = {}, body: string | Uint8Array = ""): Promise<void> {
    const receipt = this.sendWithReceipt(command, headers, body);
    const frame = await this.expect("RECEIPT", `the receipt of ${command}`);
    assert.equal(frame.header("receipt-id"), receipt);
  }

  /** Sends a frame with a receipt, and waits for nothing. */
  sendWithReceipt(command: string, headers: Headers = {}, body: string | Uint8Array = ""): string {
    const receipt = `receipt-${++this.#receipts}`;
    this.send(command, { ...headers, receipt }, body);
    return receipt;
  }

  /** The helper *sync-send* of the scenarios. */
  syncSend(destination: string, body: string, headers: Headers = {}): Promise<void> {
    return this.sync("SEND", { destination, ...headers }, body);
  }

  /** The helper *async-send* of the scenarios. */
  asyncSend(destination: string, body: string, headers: Headers = {}): void {
    this.send("SEND", { destination, ...headers }, body);
  }

  subscribe(id: string, destination: string, mode = "auto", headers: Headers = {}): Promise<void> {
    return this.sync("SUBSCRIBE", { id, destination, ack: mode, ...headers });
  }

  /** ACK or NACK as this version spells it. */
  ack(message: Frame, headers: Headers = {}, command: "ACK" | "NACK" = "ACK"): void {
    this.send(command, { ...this.ackHeaders(message), ...headers });
  }

  ackHeaders(message: Frame): Headers {
    if (this.version === "1.2") return { id: message.header("ack")! };
    return { subscription: message.header("subscription")!, "message-id": message.header("message-id")! };
  }

  /** Says goodbye and is answered. */
  async disconnect(): Promise<void> {
    await this.sync("DISCONNECT");
    await this.drop();
  }

  /** Closes the socket without a word. */
  async drop(): Promise<void> {
    this.stream.destroy();
    await this.#closed;
  }

  /** Resolves when the broker has closed the connection. */
  ended(ms: number = PATIENCE_MS): Promise<void> {
    return within(this.#closed, "the end of the connection", ms);
  }

  /** Frames that have come and were not looked at. */
  get waiting(): number {
    return this.#frames.size;
  }
}

/** A header's value without escapes. [messaging 15.2] */
function decoded(value: string): string {
  return value.replaceAll(
    /\\([\\cnr])/g,
    (_, letter: string) => ({ c: ":", n: "\n", r: "\r" })[letter] ?? letter,
  );
}
