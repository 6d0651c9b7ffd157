import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Duplex } from "node:stream";
import type { Instance } from "./instance.ts";
import { type ClientKey, openStream, type Way } from "./streams.ts";
import { Mailbox, within } from "./waiting.ts";

interface Composite {
  readonly [field: string]: unknown;
  described(): unknown;
}

/** rhea's codec of frames, without its connections. */
const frames = createRequire(import.meta.url)("rhea/lib/frames.js") as {
  read_frame(buffer: Buffer): { readonly channel: number; readonly performative?: Composite };
  write_frame(frame: unknown): Buffer;
  sasl_frame(performative: unknown): unknown;
  amqp_frame(channel: number, performative: unknown): unknown;
  sasl_init(fields: object): Composite;
  sasl_response(fields: object): Composite;
  open(fields: object): Composite;
  begin(fields: object): Composite;
};

/** Protocol headers. [AMQP 2.2, 5.3.2] */
export const HEADER: { readonly amqp: Buffer; readonly sasl: Buffer } = {
  amqp: Buffer.from("414d515000010000", "hex"),
  sasl: Buffer.from("414d515003010000", "hex"),
};

/** An AMQP connection on which every byte is ours. */
export class AmqpWire {
  readonly #stream: Duplex;
  readonly #pieces: Mailbox<Buffer> = new Mailbox();
  readonly #ended: Promise<void>;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      this.#cut();
    });
    stream.on("error", () => undefined);
    this.#ended = new Promise((resolve) => stream.on("close", () => resolve()));
    stream.on("end", () => stream.end());
    void this.#ended.then(() => this.#pieces.end(new Error("the connection has ended")));
  }

  static async connect(broker: Instance, way: Way = "tcp", key?: ClientKey): Promise<AmqpWire> {
    return new AmqpWire(await openStream(broker, way, "amqp", key));
  }

  /** Past SASL PLAIN. */
  static async login(broker: Instance, user: string, password: string): Promise<AmqpWire> {
    const wire = await AmqpWire.connect(broker);
    wire.write(HEADER.sasl);
    await wire.header(3);
    await wire.mechanisms();
    wire.saslInit("PLAIN", `\0${user}\0${password}`);
    assert.equal(await wire.outcome(), 0);
    return wire;
  }

  #cut(): void {
    while (this.#rest.length >= 8) {
      const size = this.#rest.toString("latin1", 0, 4) === "AMQP" ? 8 : this.#rest.readUInt32BE(0);
      if (this.#rest.length < size) return;
      this.#pieces.put(this.#rest.subarray(0, size));
      this.#rest = this.#rest.subarray(size);
    }
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  /** Expects a protocol header. */
  async header(protocolId: number): Promise<void> {
    const header = await this.#pieces.take("a protocol header");
    assert.equal(header.toString("hex"), `414d51500${protocolId}010000`);
  }

  /** The next performative; signs of life are left out. */
  async performative(): Promise<Composite> {
    for (;;) {
      const { performative } = frames.read_frame(await this.#pieces.take("a frame"));
      if (performative !== undefined) return performative;
    }
  }

  async mechanisms(): Promise<unknown> {
    return (await this.performative())["sasl_server_mechanisms"];
  }

  saslInit(mechanism: string, response: string): void {
    const init = frames.sasl_init({ mechanism, initial_response: Buffer.from(response) });
    this.write(frames.write_frame(frames.sasl_frame(init.described())));
  }

  saslResponse(response: string): void {
    const answer = frames.sasl_response({ response: Buffer.from(response) });
    this.write(frames.write_frame(frames.sasl_frame(answer.described())));
  }

  async challenge(): Promise<string> {
    return String((await this.performative())["challenge"]);
  }

  async outcome(): Promise<unknown> {
    return (await this.performative())["code"];
  }

  /** Says Open and Begin. @returns the broker's Open */
  async open(fields: object = {}): Promise<Composite> {
    this.write(HEADER.amqp);
    await this.header(0);
    this.say(0, frames.open({ container_id: "wire", ...fields }));
    this.say(0, frames.begin({ next_outgoing_id: 0, incoming_window: 100, outgoing_window: 100 }));
    return this.performative();
  }

  say(channel: number, performative: Composite): void {
    this.write(frames.write_frame(frames.amqp_frame(channel, performative.described())));
  }

  /** Reads up to Close. @returns the condition of its error */
  async closeCondition(): Promise<unknown> {
    for (;;) {
      const performative = await this.performative();
      const isClose = (performative.constructor as unknown as { toString(): string })
        .toString()
        .startsWith("close");
      if (isClose) return (performative["error"] as { condition?: string } | null)?.condition;
    }
  }

  async closed(): Promise<void> {
    await within(this.#ended, "the end of the connection");
  }

  drop(): void {
    this.#stream.destroy();
  }
}
