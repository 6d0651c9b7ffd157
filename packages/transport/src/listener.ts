import { createServer, type Server, type Socket } from "node:net";
import { BrokerError } from "@tsapollo/domain";
import { type Bind, formatBind } from "./bind.ts";

/**
 * Listens and admits no more sockets at a time than allowed. Those beyond wait unread, as many as the backlog says,
 * and are admitted in order when others close; clients see what they would see if they waited in the kernel, where
 * Node cannot leave them. [instance 10.6]
 */
export class Listener {
  readonly #bind: Bind;
  readonly #limit: number;
  readonly #admit: (socket: Socket) => void;
  readonly #limitReached: (count: number) => void;
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  #count = 0;

  /**
   * @param limit most admitted sockets; each admitted one is given back with `release`
   * @param parts.admit takes over a paused socket
   */
  constructor(
    bind: Bind,
    limit: number,
    parts: {
      readonly admit: (socket: Socket) => void;
      readonly limitReached: (count: number) => void;
      readonly failed: (error: Error) => void;
    },
  ) {
    this.#bind = bind;
    this.#limit = limit;
    this.#admit = parts.admit;
    this.#limitReached = parts.limitReached;
    const keepAlive = bind.settings.keepAlive;
    this.#server = createServer({ noDelay: true, keepAlive, pauseOnConnect: true }, (socket) =>
      this.#accept(socket),
    );
    this.#server.on("error", parts.failed);
  }

  /** Admitted sockets that were not released. */
  get count(): number {
    return this.#count;
  }

  /** @returns the bound URI @throws BrokerError CANNOT_LISTEN */
  listen(): Promise<string> {
    const { host, port, settings } = this.#bind;
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => reject(cannotListen(this.#bind, error));
      this.#server.once("error", failed);
      this.#server.listen({ host, port, backlog: settings.backlog, exclusive: true }, () => {
        this.#server.off("error", failed);
        const address = this.#server.address();
        resolve(
          formatBind(this.#bind, typeof address === "object" && address !== null ? address.port : port),
        );
      });
    });
  }

  /** An admitted socket is closed. */
  release(): void {
    this.#count -= 1;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#admitOne(next);
  }

  /** Stops accepting; admitted sockets go on. */
  close(): void {
    this.#server.close();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#count < this.#limit) return this.#admitOne(socket);
    if (this.#waiting.length >= this.#bind.settings.backlog) return void socket.destroy();
    socket.on("error", () => undefined);
    socket.once("close", () => {
      const at = this.#waiting.indexOf(socket);
      if (at !== -1) this.#waiting.splice(at, 1);
    });
    this.#waiting.push(socket);
  }

  #admitOne(socket: Socket): void {
    this.#count += 1;
    if (this.#count >= this.#limit) this.#limitReached(this.#count);
    this.#admit(socket);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use; stop the program that listens there or choose another port",
  EACCES: "no permission; ports below 1024 need a privileged user",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name cannot be looked up",
};

function cannotListen(bind: Bind, cause: NodeJS.ErrnoException): BrokerError {
  const reason = REASONS[cause.code ?? ""] ?? cause.message;
  return new BrokerError("CANNOT_LISTEN", `Cannot listen at ${formatBind(bind, bind.port)}: ${reason}.`, {
    cause,
  });
}
