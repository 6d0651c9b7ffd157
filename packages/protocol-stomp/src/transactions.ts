import {
  BrokerError,
  type Message,
  type Outcome,
  type Transaction,
  type VirtualHost,
} from "@tsapollo/domain";
import type { StompConsumer } from "./consumer.ts";
import type { Target } from "./destinations.ts";
import type { StompOptions } from "./options.ts";
import type { Entry } from "./outstanding.ts";

/** What an acknowledgement, or a receipt besides its text, takes. */
const KEPT_BYTES = 100;

/** What the open transactions of a connection keep, in bytes. */
class Kept {
  readonly #max: number;
  #bytes = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws BrokerError TRANSACTION_LIMIT */
  take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#max) return;
    const text = `The open transactions of a connection may keep ${this.#max} bytes of acknowledgements and receipts; commit more often`;
    throw new BrokerError("TRANSACTION_LIMIT", text);
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** One open transaction of a connection. [messaging 12] */
export class StompTransaction {
  readonly transaction: Transaction;
  /** Receipts that SEND frames in it asked for: they leave when it is committed. [messaging 10.3] */
  readonly #receipts: string[] = [];
  readonly #held: Map<StompConsumer, Entry[]> = new Map();
  readonly #kept: Kept;
  #keptBytes = 0;

  constructor(transaction: Transaction, kept: Kept) {
    this.transaction = transaction;
    this.#kept = kept;
  }

  get receipts(): readonly string[] {
    return this.#receipts;
  }

  /**
   * A SEND in it asked for a receipt.
   * @throws BrokerError TRANSACTION_LIMIT
   */
  owe(receipt: string): void {
    this.#keep(KEPT_BYTES + receipt.length);
    this.#receipts.push(receipt);
  }

  /**
   * Adds a message.
   * @param wildcardSendMax see the options
   * @throws BrokerError why the commit would fail: the client learns it where it happens
   */
  publish({ only, addresses, pattern }: Target, message: Message, wildcardSendMax: number): void {
    const { transaction } = this;
    if (only !== undefined && pattern === undefined) transaction.publish(only, message);
    else transaction.publishToMatching(addresses, message, wildcardSendMax);
    this.#checkRefusal();
  }

  #checkRefusal(): void {
    const { refusal } = this.transaction;
    if (refusal !== undefined) throw refusal;
  }

  /**
   * Takes an acknowledgement.
   * @throws BrokerError TRANSACTION_LIMIT
   */
  hold(entry: Entry, outcome: Outcome): void {
    this.#keep(KEPT_BYTES);
    const held = this.#held.get(entry.consumer);
    if (held === undefined) this.#held.set(entry.consumer, [entry]);
    else held.push(entry);
    if (entry.delivery === undefined || !entry.consumer.takes) return;
    this.transaction.settle(entry.delivery, outcome);
    this.#checkRefusal();
  }

  #keep(bytes: number): void {
    this.#keptBytes += bytes;
    this.#kept.take(bytes);
  }

  /** The transaction is over: what it held was settled, or is the client's again. */
  release(settled: boolean): void {
    for (const [consumer, entries] of this.#held) consumer.released(entries, settled);
    this.#held.clear();
    this.#kept.give(this.#keptBytes);
    this.#keptBytes = 0;
  }
}

/** The open transactions of one connection, by the client's names. [messaging 15.9] */
export class Transactions {
  readonly #host: VirtualHost;
  readonly #max: number;
  readonly #kept: Kept;
  readonly #open: Map<string, StompTransaction> = new Map();

  constructor(host: VirtualHost, { transactionsMax, transactedBytesMax }: StompOptions) {
    this.#host = host;
    this.#max = transactionsMax;
    this.#kept = new Kept(transactedBytesMax);
  }

  /** @throws BrokerError PROTOCOL_VIOLATION `transaction already started` */
  begin(id: string): void {
    if (this.#open.has(id)) throw new BrokerError("PROTOCOL_VIOLATION", "transaction already started");
    this.#start(id);
  }

  /** The transaction with this name; BEGIN is optional. */
  named(id: string): StompTransaction {
    return this.#open.get(id) ?? this.#start(id);
  }

  #start(id: string): StompTransaction {
    if (this.#open.size >= this.#max) {
      const text = `Too many open transactions: a connection may have ${this.#max}; commit or abort some`;
      throw new BrokerError("TRANSACTION_LIMIT", text);
    }
    const started = new StompTransaction(this.#host.begin(), this.#kept);
    this.#open.set(id, started);
    return started;
  }

  /**
   * Takes a transaction out, to be committed or aborted.
   * @throws BrokerError PROTOCOL_VIOLATION `transaction not active: <id>` [quirk 12 mended]
   */
  take(id: string): StompTransaction {
    const taken = this.#open.get(id);
    if (taken === undefined) throw new BrokerError("PROTOCOL_VIOLATION", `transaction not active: ${id}`);
    this.#open.delete(id);
    return taken;
  }

  /** The client leaves. */
  abortAll(): void {
    for (const open of this.#open.values()) {
      open.transaction.abort();
      open.release(false);
    }
    this.#open.clear();
  }
}
