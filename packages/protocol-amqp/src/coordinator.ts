import { BrokerError } from "@tsapollo/domain";
import { declaredState } from "./codec/delivery-state.ts";
import { FieldReader } from "./codec/field-reader.ts";
import { Descriptor } from "./codec/frames.ts";
import { SECTION, Sections } from "./codec/sections.ts";
import { ACCEPTED_STATE } from "./codec/write-frames.ts";
import { rejectedState } from "./codec/write-performatives.ts";
import { AmqpError, asAmqpError, decodeError } from "./conditions.ts";
import type { IncomingLink } from "./incoming-link.ts";
import type { Transactions } from "./transactions.ts";

const DECLARE = 0x31;
const DISCHARGE = 0x32;
const DEMANDS: ReadonlyMap<string, number> = new Map([
  ["amqp:declare:list", DECLARE],
  ["amqp:discharge:list", DISCHARGE],
]);

/** Begins and ends transactions as clients demand on coordinator links. [AMQP 4.2–4.3] */
export class Coordinator {
  readonly #transactions: Transactions;
  readonly #descriptor: Descriptor = new Descriptor();
  readonly #reader: FieldReader = new FieldReader();
  readonly #sections: Sections = new Sections(this.#descriptor, this.#reader);

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  /** A message on a coordinator link: Declare or Discharge. */
  demand(link: IncomingLink, deliveryId: number, bytes: Uint8Array, start: number, end: number): void {
    try {
      this.#obey(link, deliveryId, bytes, start, end);
    } catch (error) {
      if (!(error instanceof AmqpError) && !(error instanceof BrokerError)) throw error;
      link.reply(deliveryId, rejectedState(asAmqpError("link", error)));
    }
  }

  #obey(link: IncomingLink, deliveryId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#sections.scan(bytes, start, end);
    const { bodyKind, body } = this.#sections;
    if (bodyKind !== SECTION.value) throw decodeError("A demand to the coordinator is no value");
    const code = this.#descriptor.read(bytes, body.start, body.end, DEMANDS);
    this.#reader.open(bytes, this.#descriptor.next, body.end);
    if (code === DECLARE) this.#declare(link, deliveryId);
    else if (code === DISCHARGE) this.#discharge(link, deliveryId, bytes);
    else throw decodeError(`0x${code.toString(16)} is neither Declare nor Discharge`);
  }

  #declare(link: IncomingLink, deliveryId: number): void {
    if (this.#reader.any()) {
      throw new AmqpError(
        "link",
        "amqp:not-implemented",
        "Distributed transactions (global-id) are not supported",
      );
    }
    link.reply(deliveryId, declaredState(this.#transactions.declare(link).id));
  }

  #discharge(link: IncomingLink, deliveryId: number, bytes: Uint8Array): void {
    const reader = this.#reader;
    if (!reader.binary()) throw decodeError("A discharge has no txn-id");
    const id = Buffer.from(bytes.subarray(reader.start, reader.end)).toString("latin1");
    const fails = reader.flag(0) === 1;
    const open = this.#transactions.named(id);
    if (fails) {
      this.#transactions.rollback(open);
      link.reply(deliveryId, ACCEPTED_STATE);
      return;
    }
    this.#transactions.take(open);
    open.transaction.commit((error) => {
      if (link.session.connection.isOver) return;
      open.release(error === undefined);
      const state =
        error === undefined
          ? ACCEPTED_STATE
          : rejectedState(new AmqpError("link", "amqp:transaction:rollback", error.message));
      link.reply(deliveryId, state);
    });
  }

  /** Transactions that nobody can discharge any more are rolled back. [AMQP 4.2] */
  left(link: IncomingLink): void {
    this.#transactions.rollbackAll(link);
  }
}
