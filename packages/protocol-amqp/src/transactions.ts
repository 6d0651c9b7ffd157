import { BrokerError, type Outcome, type Transaction, type VirtualHost } from "@tsapollo/domain";
import { AmqpError } from "./conditions.ts";
import type { IncomingLink } from "./incoming-link.ts";
import type { AmqpOptions } from "./options.ts";
import type { Session } from "./session.ts";
import type { Unsettled } from "./unsettled.ts";

/** A delivery whose end waits for a transaction. */
interface Held {
  readonly session: Session;
  readonly entry: Unsettled;
  /** Whether the client has settled it. */
  readonly settled: boolean;
}

/** One open transaction. [AMQP 4.1] */
export class OpenTransaction {
  readonly id: string;
  /** The coordinator's link that declared it; its end is a rollback. */
  readonly link: IncomingLink;
  readonly transaction: Transaction;
  readonly #held: Held[] = [];

  constructor(id: string, link: IncomingLink, transaction: Transaction) {
    this.id = id;
    this.link = link;
    this.transaction = transaction;
  }

  get heldCount(): number {
    return this.#held.length;
  }

  /** Retires a delivery. [AMQP 4.4.2] */
  hold(session: Session, entry: Unsettled, outcome: Outcome, settled: boolean): void {
    session.unsettled.hold(entry, true);
    entry.link.holdsMore(1);
    this.#held.push({ session, entry, settled });
    this.transaction.settle(entry.delivery, outcome);
  }

  /**
   * The transaction is over. After a commit its deliveries are settled; after a rollback they are the client's to
   * settle again, and those that it does not know any more, having settled them, return to their queues.
   */
  release(committed: boolean): void {
    const sessions = new Set<Session>();
    for (const { session, entry, settled } of this.#held.splice(0)) {
      session.unsettled.hold(entry, false);
      if (committed || settled || entry.link.isOver) {
        session.unsettled.delete(entry.id);
        if (!committed) entry.delivery.settle("retry");
        else if (!settled && !entry.link.isOver) session.settledByUs(entry.id);
        entry.link.retired(entry.id);
      }
      entry.link.holdsMore(-1);
      sessions.add(session);
    }
    for (const session of sessions) session.roomAgain();
  }
}

/** The open transactions of one connection by their ids. */
export class Transactions {
  readonly #host: VirtualHost;
  readonly #options: AmqpOptions;
  readonly #open: Map<string, OpenTransaction> = new Map();
  #counter = 0;
  #held = 0;

  constructor(host: VirtualHost, options: AmqpOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** @throws BrokerError TRANSACTION_LIMIT */
  declare(link: IncomingLink): OpenTransaction {
    const { transactionsMax } = this.#options;
    if (this.#open.size >= transactionsMax) {
      const text = `Too many open transactions: a connection may have ${transactionsMax}; discharge some`;
      throw new BrokerError("TRANSACTION_LIMIT", text);
    }
    const id = Buffer.alloc(8);
    id.writeBigUInt64BE(BigInt(this.#counter));
    this.#counter += 1;
    const open = new OpenTransaction(id.toString("latin1"), link, this.#host.begin());
    this.#open.set(open.id, open);
    return open;
  }

  /**
   * The open transaction with an id.
   * @throws AmqpError amqp:transaction:unknown-id
   */
  named(id: string): OpenTransaction {
    const open = this.#open.get(id);
    if (open !== undefined) return open;
    const hex = Buffer.from(id, "latin1").toString("hex");
    throw new AmqpError(
      "session",
      "amqp:transaction:unknown-id",
      `No transaction is open with the id 0x${hex}`,
    );
  }

  /**
   * Retires a delivery in a transaction.
   * @throws BrokerError TRANSACTION_LIMIT
   */
  hold(open: OpenTransaction, session: Session, entry: Unsettled, outcome: Outcome, settled: boolean): void {
    const { transactedMax } = this.#options;
    if (this.#held >= transactedMax) {
      const text = `The open transactions of a connection may hold ${transactedMax} acknowledgements; commit more often`;
      throw new BrokerError("TRANSACTION_LIMIT", text);
    }
    this.#held += 1;
    open.hold(session, entry, outcome, settled);
  }

  /** Takes a transaction out, to be committed or rolled back. */
  take(open: OpenTransaction): void {
    this.#open.delete(open.id);
    this.#held -= open.heldCount;
  }

  rollback(open: OpenTransaction): void {
    this.take(open);
    open.transaction.abort();
    open.release(false);
  }

  /** The link that declared them is over, or, without a link, the connection. */
  rollbackAll(link?: IncomingLink): void {
    for (const open of [...this.#open.values()]) {
      if (link === undefined || open.link === link) this.rollback(open);
    }
  }
}
