import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { BrokerError, type DatagramReceiver, type Logger } from "@tsapollo/domain";

/** Where datagrams are received. */
export interface DatagramBind {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const SHAPE = /^udp:\/\/(\[[^\]]*\]|[^:/?#]+):(\d+)\/?(?:\?(.*))?$/i;

/**
 * Reads `udp://host:port`. [instance 10.1]
 * @param warn told about parameters: there are none
 * @throws BrokerError BAD_CONFIGURATION
 */
export function parseDatagramBind(uri: string, warn: (sentence: string) => void): DatagramBind {
  const match = SHAPE.exec(uri.trim());
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    const text = `Cannot use the bind URI ${uri}: expected udp://host:port, like udp://0.0.0.0:61619.`;
    throw new BrokerError("BAD_CONFIGURATION", text);
  }
  if (match[3]) warn(`The parameters of ${uri} have no effect: there are none for udp.`);
  const host = match[1]!;
  return { host: host.startsWith("[") ? host.slice(1, -1) : host, port };
}

/** One UDP socket that hands over what it receives and sends nothing. [messaging 18] */
export class DatagramConnector {
  readonly #bind: DatagramBind;
  readonly #receiver: DatagramReceiver;
  readonly #logger: Logger;
  readonly #socket: Socket;
  #boundUri: string | undefined = undefined;

  constructor(bind: DatagramBind, receiver: DatagramReceiver, logger: Logger) {
    this.#bind = bind;
    this.#receiver = receiver;
    this.#logger = logger;
    this.#socket = createSocket(bind.host.includes(":") ? "udp6" : "udp4");
  }

  /** Where it can be reached, with the port that was really bound; undefined before `start`. */
  get boundUri(): string | undefined {
    return this.#boundUri;
  }

  /**
   * Begins to receive.
   * @returns the bound URI
   * @throws BrokerError CANNOT_LISTEN
   */
  start(): Promise<string> {
    const { host, port } = this.#bind;
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const failed = (cause: Error): void => {
        const text = `Cannot listen at ${this.#uri(port)}: ${cause.message}.`;
        reject(new BrokerError("CANNOT_LISTEN", text, { cause }));
      };
      socket.once("error", failed);
      socket.on("message", (bytes: Buffer, remote: RemoteInfo) => this.#receive(bytes, remote));
      socket.bind({ address: host, port, exclusive: true }, () => {
        socket.off("error", failed);
        socket.on("error", (error) =>
          this.#logger.warn({ err: error }, "Error occured while receiving datagrams."),
        );
        this.#boundUri = this.#uri(socket.address().port);
        resolve(this.#boundUri);
      });
    });
  }

  #uri(port: number): string {
    const { host } = this.#bind;
    return `udp://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  #receive(bytes: Buffer, { address, port }: RemoteInfo): void {
    this.#receiver.receive(bytes, `${address}:${port}`);
  }

  /** Receives no more. */
  stop(): Promise<void> {
    this.#receiver.close();
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
