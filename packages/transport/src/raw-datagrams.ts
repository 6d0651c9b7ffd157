import {
  Address,
  DatagramBacklog,
  type DatagramReceiver,
  type DestinationKind,
  Message,
  type MessageCodec,
  NEUTRAL_SYNTAX,
  NO_TOKEN,
  type Producer,
  parsePath,
  type VirtualHost,
} from "@tsapollo/domain";

/** Messages that are bytes and nothing else. [messaging 20] */
export const RAW_CODEC: MessageCodec = Object.freeze({
  id: "raw",
  property: () => undefined,
  toNeutral: (message: Message) => ({ body: message.body(), properties: new Map() }),
});

const KINDS: readonly (readonly [prefix: string, kind: DestinationKind])[] = [
  ["queue:", "queue"],
  ["topic:", "topic"],
  ["dsub:", "dsub"],
];

/**
 * Where datagrams go: names with commas between them, topics unless a prefix says `queue:` or `dsub:`.
 * @throws BrokerError BAD_ADDRESS
 */
export function rawAddresses(text: string): readonly Address[] {
  return text.split(",").map((piece) => {
    const found = KINDS.find(([prefix]) => piece.startsWith(prefix));
    if (found === undefined) return new Address("topic", parsePath(piece, NEUTRAL_SYNTAX));
    return new Address(found[1], parsePath(piece.slice(found[0].length), NEUTRAL_SYNTAX));
  });
}

/** What raw datagrams are turned into messages with. */
export interface RawDatagramsParts {
  readonly addresses: readonly Address[];
  /** See {@link DatagramBacklog}. */
  readonly backlogBytesMax: number;
  /** The host, as one that asks for no rights. [messaging 18] */
  readonly admit: (producer: Producer) => VirtualHost;
}

/** The protocol `udp`: each datagram is a message. [messaging 18] */
export class RawDatagrams implements DatagramReceiver, Producer {
  readonly #addresses: readonly Address[];
  readonly #backlog: DatagramBacklog<Uint8Array>;
  readonly #host: VirtualHost;
  #blocked = false;

  constructor({ addresses, backlogBytesMax, admit }: RawDatagramsParts) {
    this.#addresses = addresses;
    this.#backlog = new DatagramBacklog(backlogBytesMax);
    this.#host = admit(this);
  }

  receive(bytes: Uint8Array): void {
    if (this.#blocked) this.#backlog.add(bytes, bytes.length);
    else this.#publish(bytes);
  }

  #publish(bytes: Uint8Array): void {
    const message = new Message({
      codec: RAW_CODEC,
      bytes,
      start: 0,
      bodyStart: 0,
      bodyEnd: bytes.length,
      end: bytes.length,
      borrowed: false,
      persistent: false,
      retain: "none",
      expiresAtMs: 0,
      priority: 4,
      groupKey: undefined,
    });
    if (!this.#host.publishToAll(this.#addresses, message, NO_TOKEN)) this.#blocked = true;
  }

  /** A refusal: whoever sent it cannot be told. */
  confirmed(): void {}

  resumed(): void {
    this.#blocked = false;
    while (!this.#blocked && !this.#backlog.isEmpty) this.#publish(this.#backlog.shift()!);
  }

  close(): void {
    this.#host.close();
  }
}
