import { existsSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { BrokerError, type Logger } from "@tsapollo/domain";

/** What a command was given, as JSON. */
export type ControlArguments = Readonly<Record<string, unknown>>;

/** A command: returns what is answered, as JSON. */
export type ControlCommand = (given: ControlArguments) => Promise<unknown> | unknown;

const REQUEST_BYTES_MAX = 64 * 1024;
const REQUEST_MS = 10_000;
const CONNECTIONS_MAX = 16;

/**
 * Takes commands from the machine's own user: a line of JSON, `{"command":"…", …}`, answered by a line of JSON,
 * `{"result":…}` or `{"error":{"code":"…","text":"…"}}`. One command per connection.
 */
export class ControlServer {
  readonly #path: string;
  readonly #commands: ReadonlyMap<string, ControlCommand>;
  readonly #logger: Logger;
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets: Set<Socket> = new Set();

  constructor(path: string, commands: ReadonlyMap<string, ControlCommand>, logger: Logger) {
    this.#path = path;
    this.#commands = commands;
    this.#logger = logger;
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Begins to listen. What a broker that was killed left is removed: there is one broker per instance. */
  async start(): Promise<void> {
    const isFile = !this.#path.startsWith("\\\\");
    if (isFile && existsSync(this.#path)) rmSync(this.#path);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      // The socket is made while listen runs: nobody else ever may connect.
      const mask = isFile ? process.umask(0o177) : 0;
      try {
        this.#server.listen(this.#path, resolve);
      } finally {
        if (isFile) process.umask(mask);
      }
    });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setTimeout(REQUEST_MS, () => socket.destroy());
    let text = "";
    socket.setEncoding("utf8");
    const onData = (chunk: string): void => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end === -1 && text.length <= REQUEST_BYTES_MAX) return;
      socket.off("data", onData);
      socket.setTimeout(0);
      void this.#answer(end === -1 ? "" : text.slice(0, end)).then((answer) => {
        if (!socket.destroyed) socket.end(`${JSON.stringify(answer)}\n`);
      });
    };
    socket.on("data", onData);
  }

  async #answer(line: string): Promise<unknown> {
    try {
      const request = JSON.parse(line) as ControlArguments | null;
      const name = request?.["command"];
      const command = typeof name === "string" ? this.#commands.get(name) : undefined;
      if (command === undefined) {
        const known = [...this.#commands.keys()].join(", ");
        throw new BrokerError("UNSUPPORTED", `This broker has no command '${name}'; it has ${known}`);
      }
      return { result: (await command(request!)) ?? null };
    } catch (error) {
      if (error instanceof BrokerError) return { error: { code: error.code, text: error.message } };
      if (error instanceof SyntaxError) {
        return { error: { code: "PROTOCOL_VIOLATION", text: "A command is one line of JSON" } };
      }
      this.#logger.error({ error }, "a command failed");
      return { error: { code: "INTERNAL", text: String(error) } };
    }
  }

  /** Ends every connection and stops listening. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
