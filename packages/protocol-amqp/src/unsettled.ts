import type { Delivery } from "@tsapollo/domain";
import type { OutgoingLink } from "./outgoing-link.ts";

/** A delivery that the client has and has not settled. */
export interface Unsettled {
  readonly link: OutgoingLink;
  readonly delivery: Delivery;
  readonly id: number;
  /** A transaction holds it: until that is over it cannot be settled otherwise. */
  held: boolean;
}

/** Once in so many deliveries the oldest one is looked for. */
const RENEWAL_MASK = 0x0fff_ffff;

/**
 * The unsettled deliveries of a session by delivery id. [AMQP 2.6.12] Those that transactions hold are apart, so that
 * nothing that is said of ranges meets them.
 */
export class UnsettledDeliveries {
  readonly #byId: Map<number, Unsettled> = new Map();
  readonly #held: Map<number, Unsettled> = new Map();
  /** No delivery that is open, or was since there was none, is outside of these two. */
  #first = 0;
  #last = 0;

  get size(): number {
    return this.#byId.size + this.#held.size;
  }

  add(link: OutgoingLink, delivery: Delivery, id: number): void {
    if (this.size === 0) this.#first = id;
    else if ((id & RENEWAL_MASK) === 0) this.#first = this.#oldest(id);
    this.#last = id;
    this.#byId.set(id, { link, delivery, id, held: false });
  }

  /** Ids begin again after 2^32: what was the first one long ago must not be the reckoning for ever. */
  #oldest(now: number): number {
    let age = 0;
    for (const entries of [this.#byId, this.#held])
      for (const id of entries.keys()) age = Math.max(age, (now - id) >>> 0);
    return (now - age) >>> 0;
  }

  /** A delivery that no transaction holds. */
  get(id: number): Unsettled | undefined {
    return this.#byId.get(id);
  }

  delete(id: number): void {
    if (!this.#byId.delete(id)) this.#held.delete(id);
  }

  /** A transaction takes a delivery, or gives it back. */
  hold(entry: Unsettled, held: boolean): void {
    entry.held = held;
    const [from, to] = held ? [this.#byId, this.#held] : [this.#held, this.#byId];
    if (from.delete(entry.id)) to.set(entry.id, entry);
  }

  /** Those in a range of ids that no transaction holds. The range may be much wider than what there is. */
  within(first: number, last: number): Unsettled[] {
    const found: Unsettled[] = [];
    if (this.#byId.size === 0) return found;
    const known = (this.#last - this.#first) >>> 0;
    // where the range begins and ends within what is known, if it does at all
    const from = (first - this.#first) >>> 0;
    const to = (last - this.#first) >>> 0;
    if (from > known && to >= from) return found;
    const start = from > known ? 0 : from;
    const end = to > known || to < start ? known : to;
    if (end - start >= this.#byId.size) {
      for (const entry of this.#byId.values()) {
        const at = (entry.id - this.#first) >>> 0;
        if (at >= start && at <= end) found.push(entry);
      }
      return found;
    }
    for (let at = start; at <= end; at += 1) {
      const entry = this.#byId.get((this.#first + at) >>> 0);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  /**
   * The deliveries of a link that is over are not the client's any more.
   * @returns those that no transaction holds, oldest first
   */
  removeLink(link: OutgoingLink): Unsettled[] {
    const removed: Unsettled[] = [];
    for (const entry of this.#byId.values()) {
      if (entry.link !== link) continue;
      this.#byId.delete(entry.id);
      removed.push(entry);
    }
    for (const entry of this.#held.values()) if (entry.link === link) this.#held.delete(entry.id);
    return removed;
  }
}
