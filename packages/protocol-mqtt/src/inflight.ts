import { type Delivery, SmallMap, SmallSet } from "@tsapollo/domain";
import type { Kept } from "./kept-messages.ts";

const FREE = 0;
const AWAITS_PUBACK = 1;
const AWAITS_PUBREC = 2;
const AWAITS_PUBCOMP = 3;
/** Belongs to a message that was sent on an earlier connection and comes again with the same id. */
const AWAITS_RESEND = 4;

/** What an acknowledgement met. */
export type AckResult = "done" | "unknown" | "wrong";

/** Most packet ids there are. */
export const PACKET_ID_MAX = 65_535;
const PAGE_BITS = 8;
const PAGE_IDS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_IDS - 1;

/** The state of 256 neighbouring ids; made when the first is used, gone with the last. */
interface Page {
  readonly states: Uint8Array;
  readonly deliveries: (Delivery | undefined)[];
  count: number;
}

/**
 * The packet ids a session has given to outgoing messages of QoS 1 and 2, and what each still waits for.
 *
 *     free ──take──▶ PUBACK ──puback──▶ free
 *     free ──take──▶ PUBREC ──pubrec──▶ PUBCOMP ──pubcomp──▶ free
 *                  detach │                            (survives a detach: PUBREL is sent again)
 *                         ▼
 *                      resend ──again──▶ PUBACK or PUBREC
 *
 * A message of the session's own durable subscription has an id that follows from its sequence, if that is free: so
 * it has the same one when it comes again after the broker was killed, although sending it wrote nothing.
 */
export class Inflight {
  readonly #pages: (Page | undefined)[] = [];
  #spare: Page | undefined;
  #count = 0;
  #next = 1;
  /** Ids in the order of their PUBREC; see {@link Inflight.released}. */
  readonly #released = new SmallSet<number>();
  /** Sequence of a message that comes again → id and QoS. */
  readonly #resend = new SmallMap<number, number>();
  /** Messages of shared subscriptions that only this client may finish, by id. [MQTT5-4.8.2-4] */
  readonly #kept = new SmallMap<number, Kept>();
  /** Ids whose delivery is not the own durable subscription's. */
  readonly #foreign = new SmallSet<number>();
  /** Ids of QoS 2 whose message expired or was removed after it was sent, and whose PUBREL is due. */
  #lost: number[] = [];

  /** Whether no id is left. */
  get full(): boolean {
    return this.#count >= PACKET_ID_MAX;
  }

  /** How many ids are in use. */
  get count(): number {
    return this.#count;
  }

  /** Whether messages of an earlier connection are expected to come again. */
  get expectsResend(): boolean {
    return this.#resend.size > 0;
  }

  /**
   * Gives an id. The delivery is kept until it is acknowledged; a direct one needs no more than the id.
   * @param own whether it comes from the session's own durable subscription
   */
  take(delivery: Delivery, qos: number, own: boolean): number {
    let id = own ? ((delivery.sequence - 1) % PACKET_ID_MAX) + 1 : this.#next;
    let page = this.#pages[id >> PAGE_BITS];
    while (page !== undefined && page.states[id & PAGE_MASK] !== FREE) {
      id = id === PACKET_ID_MAX ? 1 : id + 1;
      page = this.#pages[id >> PAGE_BITS];
    }
    page ??= this.#newPage(id >> PAGE_BITS);
    page.count += 1;
    this.#count += 1;
    page.states[id & PAGE_MASK] = qos; // AWAITS_PUBACK or AWAITS_PUBREC
    if (delivery.sequence !== -1) page.deliveries[id & PAGE_MASK] = delivery;
    if (own) return id;
    this.#next = id === PACKET_ID_MAX ? 1 : id + 1;
    if (delivery.sequence !== -1) this.#foreign.add(id);
    return id;
  }

  /**
   * The id of a message that was sent before, on an earlier connection, and its QoS then; 0 if there is none.
   * The same message must keep its id. [MQTT-4.4.0-1]
   * @returns `id | qos << 16`
   */
  again(delivery: Delivery): number {
    const known = delivery.redeliveryCount > 0 ? this.#resend.get(delivery.sequence) : undefined;
    if (known === undefined) {
      this.#forgetResends(delivery.sequence);
      return 0;
    }
    this.#resend.delete(delivery.sequence);
    this.#set(known & 0xffff, known >> 16, delivery);
    return known;
  }

  /** [MQTT-4.3.2-1] */
  puback(id: number): AckResult {
    const page = this.#pages[id >> PAGE_BITS];
    if (page === undefined) return "unknown";
    const state = page.states[id & PAGE_MASK]!;
    if (state !== AWAITS_PUBACK) return state === FREE || state === AWAITS_RESEND ? "unknown" : "wrong";
    const delivery = page.deliveries[id & PAGE_MASK];
    this.#free(id);
    delivery?.settle("consumed");
    return "done";
  }

  /**
   * From here on the receiver owns the message: it is never sent again, only PUBREL is. [MQTT-4.3.3-1]
   * @param refused the receiver does not want it: the exchange is over [MQTT5-4.3.3-4]
   */
  pubrec(id: number, refused = false): AckResult {
    const state = this.#state(id);
    if (state === AWAITS_PUBCOMP) return "done";
    if (state !== AWAITS_PUBREC) return state === AWAITS_PUBACK ? "wrong" : "unknown";
    const delivery = this.#delivery(id);
    this.#kept.delete(id);
    this.#foreign.delete(id);
    if (refused) this.#free(id);
    else {
      this.#set(id, AWAITS_PUBCOMP, undefined);
      this.#released.add(id);
    }
    delivery?.settle("consumed");
    return "done";
  }

  /** Whether an id waits for a message to come again, so that its acknowledgement is not yet due. */
  isResend(id: number): boolean {
    return this.#state(id) === AWAITS_RESEND;
  }

  /** Whether an id was given to a message of this connection whose receipt is not acknowledged. */
  isUnanswered(id: number): boolean {
    const state = this.#state(id);
    return state === AWAITS_PUBACK || state === AWAITS_PUBREC;
  }

  /** [MQTT-4.3.3-1] */
  pubcomp(id: number): AckResult {
    const state = this.#state(id);
    if (state !== AWAITS_PUBCOMP) return state === FREE || state === AWAITS_RESEND ? "unknown" : "wrong";
    this.#released.delete(id);
    this.#free(id);
    return "done";
  }

  /** The queue behind the deliveries is gone: ids stay until they are acknowledged, nothing comes again. */
  abandon(): void {
    for (let number = 0; number < this.#pages.length; number += 1) {
      const deliveries = this.#pages[number]?.deliveries ?? [];
      for (let at = 0; at < deliveries.length; at += 1) {
        if (!this.#foreign.has(number * PAGE_IDS + at)) deliveries[at] = undefined;
      }
    }
    for (const known of this.#resend.values()) this.#lose(known);
    this.#resend.clear();
  }

  /** Takes an id back whose message could not be sent. */
  forget(id: number): void {
    this.#free(id);
  }

  /** Ids whose PUBREL must be sent again, in the order of their PUBRECs. [MQTT-4.4.0-1] [MQTT-4.6.0-4] */
  released(): Iterable<number> {
    return this.#released;
  }

  /** Puts an id back that was released before the broker was restarted. */
  restoreReleased(id: number): void {
    if (this.#state(id) !== FREE) return;
    this.#occupy(id);
    this.#set(id, AWAITS_PUBCOMP, undefined);
    this.#released.add(id);
  }

  /** Messages of shared subscriptions that were begun on an earlier connection, by id. [MQTT5-4.8.2-4] */
  get kept(): SmallMap<number, Kept> {
    return this.#kept;
  }

  /** Puts a message back that was kept before the broker was restarted. */
  restoreKept(id: number, kept: Kept): void {
    if (this.#state(id) !== FREE) return;
    this.#occupy(id);
    this.#set(id, AWAITS_PUBREC, undefined);
    this.#kept.set(id, kept);
  }

  /**
   * The connection is gone: what was not acknowledged comes again, with the same id.
   * @returns ids whose messages are kept from now on
   */
  detach(): readonly number[] {
    const kept: number[] = [];
    for (let number = 0; number < this.#pages.length; number += 1) {
      const page = this.#pages[number];
      if (page === undefined) continue;
      const last = Math.min((number + 1) * PAGE_IDS - 1, PACKET_ID_MAX);
      for (let id = number * PAGE_IDS; id <= last; id += 1) {
        if (this.#detach(page, id)) kept.push(id);
      }
    }
    return kept;
  }

  /**
   * The session goes with its connection: no other member of a group gets a message whose QoS 2 exchange was begun.
   * [MQTT5-4.8.2-5]
   */
  end(): void {
    for (const id of this.#foreign) {
      const delivery = this.#delivery(id);
      if (this.#state(id) === AWAITS_PUBREC && delivery?.address.kind === "topic")
        delivery.settle("consumed");
    }
  }

  /** @returns whether its message is kept from now on */
  #detach(page: Page, id: number): boolean {
    const state = page.states[id & PAGE_MASK]!;
    if (state !== AWAITS_PUBACK && state !== AWAITS_PUBREC) return false;
    const delivery = page.deliveries[id & PAGE_MASK];
    const isForeign = this.#foreign.delete(id);
    if (this.#kept.has(id)) return false;
    if (isForeign && state === AWAITS_PUBREC && delivery?.address.kind === "topic") {
      // a member of a group may not have the message twice among them: it is this client's now
      const { message, address } = delivery;
      message.own();
      this.#kept.set(id, { message, address });
      delivery.settle("consumed");
      this.#set(id, AWAITS_PUBREC, undefined);
      return true;
    }
    if (delivery === undefined || isForeign) this.#free(id);
    else {
      this.#resend.set(delivery.sequence, id | (state << 16));
      this.#set(id, AWAITS_RESEND, undefined);
    }
    return false;
  }

  /** Whether {@link Inflight.takeLost} has something. */
  get hasLost(): boolean {
    return this.#lost.length > 0;
  }

  /**
   * Ids whose message will not come again although the client may have it: an id that it holds for taken must be
   * released, or the next message with that id would pass for a duplicate. [MQTT5-4.3.3-13]
   */
  takeLost(): readonly number[] {
    const lost = this.#lost;
    if (lost.length > 0) this.#lost = [];
    return lost;
  }

  /**
   * Gives up the ids of messages that will not come again because they expired or were removed: those before a
   * sequence, or all when that leaves no room.
   */
  #forgetResends(beforeSequence: number): void {
    const all = this.full;
    for (const [sequence, known] of this.#resend) {
      if (!all && sequence > beforeSequence) continue;
      this.#resend.delete(sequence);
      this.#lose(known);
    }
  }

  #lose(known: number): void {
    const id = known & 0xffff;
    if (known >> 16 !== AWAITS_PUBREC) return this.#free(id);
    this.#set(id, AWAITS_PUBCOMP, undefined);
    this.#released.add(id);
    this.#lost.push(id);
  }

  #state(id: number): number {
    const page = this.#pages[id >> PAGE_BITS];
    return page === undefined ? FREE : page.states[id & PAGE_MASK]!;
  }

  #delivery(id: number): Delivery | undefined {
    return this.#pages[id >> PAGE_BITS]!.deliveries[id & PAGE_MASK];
  }

  #set(id: number, state: number, delivery: Delivery | undefined): void {
    const page = this.#pages[id >> PAGE_BITS]!;
    page.states[id & PAGE_MASK] = state;
    page.deliveries[id & PAGE_MASK] = delivery?.sequence === -1 ? undefined : delivery;
  }

  #occupy(id: number): void {
    const page = this.#pages[id >> PAGE_BITS] ?? this.#newPage(id >> PAGE_BITS);
    page.count += 1;
    this.#count += 1;
  }

  #newPage(number: number): Page {
    const page = this.#spare ?? newPage();
    this.#spare = undefined;
    while (this.#pages.length < number) this.#pages.push(undefined);
    this.#pages[number] = page;
    return page;
  }

  #free(id: number): void {
    const number = id >> PAGE_BITS;
    const page = this.#pages[number]!;
    page.states[id & PAGE_MASK] = FREE;
    page.deliveries[id & PAGE_MASK] = undefined;
    page.count -= 1;
    this.#count -= 1;
    if (this.#foreign.size > 0) this.#foreign.delete(id);
    if (this.#kept.size > 0) this.#kept.delete(id);
    if (page.count > 0) return;
    this.#pages[number] = undefined;
    this.#spare = page;
  }
}

function newPage(): Page {
  const deliveries = new Array<Delivery | undefined>(PAGE_IDS).fill(undefined);
  return { states: new Uint8Array(PAGE_IDS), deliveries, count: 0 };
}
