import { BrokerError, type Outcome, type Transaction, type VirtualHost } from "@tsapollo/domain";
import type { StompConsumer } from "./consumer.ts";
import type { Entry } from "./outstanding.ts";

/** One open transaction of a connection. [messaging 12] */
export class StompTransaction {
  readonly transaction: Transaction;
  /** Receipts that SEND frames in it asked for: they leave when it is committed. [messaging 10.3] */
  readonly receipts: string[] = [];
  readonly #held: Map<StompConsumer, Entry[]> = new Map();

  constructor(transaction: Transaction) {
    this.transaction = transaction;
  }

  /** Takes an acknowledgement. */
  hold(entry: Entry, outcome: Outcome): void {
    const held = this.#held.get(entry.consumer);
    if (held === undefined) this.#held.set(entry.consumer, [entry]);
    else held.push(entry);
    if (entry.consumer.takes) this.transaction.settle(entry.delivery, outcome);
  }

  /** The transaction is over: what it held was settled, or is the client's again. */
  release(settled: boolean): void {
    for (const [consumer, entries] of this.#held) consumer.released(entries, settled);
    this.#held.clear();
  }
}

/** The open transactions of one connection, by the client's names. [messaging 15.9] */
export class Transactions {
  readonly #host: VirtualHost;
  readonly #max: number;
  readonly #open: Map<string, StompTransaction> = new Map();

  constructor(host: VirtualHost, max: number) {
    this.#host = host;
    this.#max = max;
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
    const started = new StompTransaction(this.#host.begin());
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
