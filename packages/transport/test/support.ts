import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type {
  Clock,
  Connection,
  Identification,
  LogFields,
  Logger,
  ProtocolAdapter,
  ProtocolHandler,
  Timer,
} from "@tsapollo/domain";
import { TestReception } from "@tsapollo/testkit";
import { Connector, type ConnectorOptions, type ConnectorParts, parseBind, Turn } from "../src/index.ts";

/** Frames of a length (4 bytes) and a body. A conversation begins with the four letters of its protocol. */
export function frame(body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body as string);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

/** Sends every frame back; some bodies make it misbehave. */
export class EchoHandler implements ProtocolHandler {
  readonly connection: Connection;
  readonly bodies: string[] = [];
  readonly sizes: number[] = [];
  readonly ownedSizes: number[] = [];
  bytesWanted: number = 0;
  drainedCount = 0;
  closedCount = 0;
  /** Set it to hold back after so many frames. */
  pauseAfter: number = Number.POSITIVE_INFINITY;
  echoing = true;
  #ended = false;
  #begun = false;
  #inReceive = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }
  receive(bytes: Uint8Array, start: number, end: number, borrowed: boolean): number {
    if (this.#inReceive || this.closedCount > 0) throw new Error("called at the wrong time");
    this.#inReceive = true;
    try {
      return this.#frames(bytes, start, end, borrowed);
    } finally {
      this.#inReceive = false;
    }
  }
  #frames(bytes: Uint8Array, start: number, end: number, borrowed: boolean): number {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = start;
    this.bytesWanted = 0;
    if (!this.#begun) {
      if (end - at < 4) return at;
      this.#begun = true;
      at += 4;
    }
    while (!this.#ended && this.sizes.length < this.pauseAfter && end - at >= 4) {
      const size = 4 + view.readUInt32BE(at);
      if (end - at < size) {
        this.bytesWanted = size;
        return at;
      }
      this.#take(view, at, at + size, borrowed);
      at += size;
    }
    return at;
  }
  #take(view: Buffer, at: number, end: number, borrowed: boolean): void {
    const body = view.toString("latin1", at + 4, Math.min(end, at + 24));
    this.sizes.push(end - at - 4);
    this.bodies.push(body);
    if (!borrowed) this.ownedSizes.push(end - at - 4);
    if (this.sizes.length === this.pauseAfter) this.connection.pauseReading();
    this.#ended = ["close", "linger", "destroy"].includes(body);
    if (body === "throw") throw new Error("a bug");
    if (body === "close") return this.connection.close();
    if (body === "linger") return this.connection.closeAfter(50);
    if (body === "destroy") return this.connection.destroy();
    if (this.echoing) this.connection.output.write(view, at, end, !borrowed);
  }
  drained(): void {
    this.drainedCount += 1;
  }
  closed(): void {
    if (this.#inReceive) throw new Error("closed during receive");
    this.closedCount += 1;
  }
}

/** A protocol whose conversations begin with four letters, its id. */
export class EchoAdapter implements ProtocolAdapter {
  readonly id: string;
  readonly webSocketProtocols: readonly string[];
  readonly handlers: EchoHandler[] = [];
  constructor(id = "echo") {
    this.id = id;
    this.webSocketProtocols = [`${id}.v1`];
  }
  identify(bytes: Uint8Array): Identification {
    const size = Math.min(4, bytes.length);
    for (let i = 0; i < size; i++) if (bytes[i] !== this.id.charCodeAt(i)) return "no";
    return size === 4 ? "yes" : "maybe";
  }
  createHandler(connection: Connection): ProtocolHandler {
    const handler = new EchoHandler(connection);
    this.handlers.push(handler);
    return handler;
  }
  get last(): EchoHandler {
    return this.handlers.at(-1)!;
  }
}

/** Remembers what was logged. */
export class RecordingLogger implements Logger {
  readonly events: { readonly level: string; readonly fields: LogFields; readonly text: string }[] = [];
  child(): Logger {
    return this;
  }
  debug(fields: LogFields, text: string): void {
    this.events.push({ level: "debug", fields, text });
  }
  info(fields: LogFields, text: string): void {
    this.events.push({ level: "info", fields, text });
  }
  warn(fields: LogFields, text: string): void {
    this.events.push({ level: "warn", fields, text });
  }
  error(fields: LogFields, text: string): void {
    this.events.push({ level: "error", fields, text });
  }
  texts(part: string): string[] {
    return this.events.filter((event) => event.text.includes(part)).map((event) => event.text);
  }
}

/** Real time. */
export const CLOCK: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs: number, callback: () => void): Timer => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A started connector with its echo protocols. */
export interface Rig {
  readonly connector: Connector;
  readonly adapter: EchoAdapter;
  readonly log: RecordingLogger;
  readonly console: RecordingLogger;
  readonly port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a connector on a free port. */
export async function start(
  bind = "tcp://127.0.0.1:0",
  options: Partial<ConnectorOptions> = {},
  parts: Partial<ConnectorParts> & { readonly clock?: Clock } = {},
): Promise<Rig> {
  const adapter = new EchoAdapter();
  const log = new RecordingLogger();
  const console = new RecordingLogger();
  const { clock = CLOCK, ...rest } = parts;
  const connector = new Connector({
    options: { id: "test", bind: parseBind(bind, (text) => console.warn({}, text)), ...options },
    adapters: [adapter, new EchoAdapter("else")],
    services: { reception: new TestReception(), clock, logger: log },
    logger: console,
    turn: new Turn(),
    ...rest,
  });
  const uri = await connector.start();
  const port = Number(/:(\d+)(\/|$)/.exec(uri)![1]);
  return { connector, adapter, log, console, port, [Symbol.asyncDispose]: () => connector.stop(50) };
}

/** A client socket that can wait for a number of bytes. */
export class Client {
  readonly socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  isClosed = false;
  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.isClosed = true;
    });
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
  }
  static async connect(port: number): Promise<Client> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.setNoDelay(true);
    return new Client(socket);
  }
  send(...parts: (Uint8Array | string)[]): void {
    for (const part of parts) this.socket.write(part);
  }
  /** Takes so many bytes, as soon as they are there. */
  async read(size: number): Promise<Buffer> {
    await until(() => this.#bytes.length >= size || this.isClosed);
    const taken = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(size);
    return taken;
  }
  /** Everything up to the close. */
  async rest(): Promise<string> {
    await until(() => this.isClosed);
    return this.#bytes.toString("latin1");
  }
  close(): void {
    this.socket.destroy();
  }
}

/** Waits for something to become true; the test's own timeout ends it when it never does. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
