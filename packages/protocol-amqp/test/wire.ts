import { createRequire } from "node:module";
import { SILENT_LOGGER } from "@tsapollo/domain";
import { FakeClock, settled, TestConnection, TestReception } from "@tsapollo/testkit";
import { AmqpAdapter, type AmqpOptions } from "../src/index.ts";

/** A performative as rhea makes and reads it. */
export interface Composite {
  readonly value: unknown[];
  readonly [field: string]: unknown;
  described(): unknown;
}

type Make = (fields: object) => Composite;

const require = createRequire(import.meta.url);

/** rhea's frames, as the other side uses them. */
export const frames: {
  readonly open: Make;
  readonly begin: Make;
  readonly attach: Make;
  readonly flow: Make;
  readonly transfer: Make;
  readonly disposition: Make;
  readonly detach: Make;
  readonly end: Make;
  readonly close: Make;
  read_frame(buffer: Buffer): {
    readonly channel: number;
    readonly performative?: Composite;
    readonly payload?: Buffer;
  };
  write_frame(frame: unknown): Buffer;
  amqp_frame(channel: number, performative: unknown, payload?: Buffer): unknown;
} = require("rhea/lib/frames.js");

/** rhea's types. */
export const types: Readonly<Record<string, (...values: unknown[]) => { value: unknown }>> =
  require("rhea/lib/types.js");

/** rhea's messages. */
export const message: {
  encode(message: object): Buffer;
  decode(bytes: Buffer): Record<string, unknown>;
} & Record<string, (...values: unknown[]) => Composite> = require("rhea/lib/message.js");

/** rhea's sources and targets. */
export const terminus: { readonly source: Make; readonly target: Make } = require("rhea/lib/terminus.js");

/** Protocol header without SASL. */
export const HEADER: Buffer = Buffer.from("414d515000010000", "hex");

/** A frame as the client writes it. */
export function frame(performative: Composite, payload?: Buffer, channel = 0): Buffer {
  return frames.write_frame(frames.amqp_frame(channel, performative.described(), payload));
}

/** A client on a connection without a socket. */
export class Client {
  readonly connection: TestConnection = new TestConnection();
  readonly reception: TestReception = new TestReception();
  readonly clock: FakeClock = new FakeClock();
  readonly handler: ReturnType<AmqpAdapter["createHandler"]>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(options: Partial<AmqpOptions> = {}, adapter: AmqpAdapter = new AmqpAdapter(options)) {
    const { connection, reception, clock } = this;
    this.handler = adapter.createHandler(connection, { reception, clock, logger: SILENT_LOGGER });
    connection.attach(this.handler);
  }

  /** Past Open and Begin. */
  static async open(options: Partial<AmqpOptions> = {}, fields: object = {}): Promise<Client> {
    const client = new Client(options);
    client.connection.feed(HEADER);
    client.say(frames.open({ container_id: "test", ...fields }));
    await settled();
    client.say(frames.begin({ next_outgoing_id: 0, incoming_window: 1_000, outgoing_window: 1_000 }));
    client.heard();
    return client;
  }

  say(performative: Composite, payload?: Buffer, channel = 0): void {
    this.connection.feed(frame(performative, payload, channel));
  }

  /** Everything the broker has written since: names of performatives, with what they say. */
  heard(): { readonly name: string; readonly fields: Composite; readonly payload: Buffer | undefined }[] {
    this.#rest = Buffer.concat([this.#rest, this.connection.output.take()]);
    const found: { name: string; fields: Composite; payload: Buffer | undefined }[] = [];
    while (this.#rest.length >= 8) {
      if (this.#rest.toString("latin1", 0, 4) === "AMQP") {
        this.#rest = this.#rest.subarray(8);
        continue;
      }
      const size = this.#rest.readUInt32BE(0);
      const { performative, payload } = frames.read_frame(this.#rest.subarray(0, size));
      this.#rest = this.#rest.subarray(size);
      if (performative === undefined) found.push({ name: "empty", fields: {} as Composite, payload });
      else
        found.push({ name: String(performative.constructor).split("#")[0]!, fields: performative, payload });
    }
    return found;
  }

  /** Attaches a link on which the client sends. */
  attachSender(handle: number, target: object | null, more: object = {}): void {
    this.say(
      frames.attach({
        name: `s${handle}`,
        handle,
        role: false,
        source: terminus.source({}).described(),
        ...(target === null ? {} : { target: terminus.target(target).described() }),
        initial_delivery_count: 0,
        ...more,
      }),
    );
  }

  /** Attaches a link on which the client receives. */
  attachReceiver(handle: number, source: object | null, more: object = {}): void {
    this.say(
      frames.attach({
        name: `r${handle}`,
        handle,
        role: true,
        ...(source === null ? {} : { source: terminus.source(source).described() }),
        target: terminus.target({}).described(),
        ...more,
      }),
    );
  }

  /** Gives credit on a link. */
  credit(handle: number, credit: number, more: object = {}): void {
    const session = {
      next_incoming_id: 0,
      incoming_window: 1_000,
      next_outgoing_id: 0,
      outgoing_window: 1_000,
    };
    this.say(frames.flow({ ...session, handle, delivery_count: 0, link_credit: credit, ...more }));
  }
}
