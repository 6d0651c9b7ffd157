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

/** The unsettled deliveries of a session by delivery id. [AMQP 2.6.12] */
export class UnsettledDeliveries {
  readonly #byId: Map<number, Unsettled> = new Map();

  get size(): number {
    return this.#byId.size;
  }

  add(link: OutgoingLink, delivery: Delivery, id: number): void {
    this.#byId.set(id, { link, delivery, id, held: false });
  }

  get(id: number): Unsettled | undefined {
    return this.#byId.get(id);
  }

  delete(id: number): void {
    this.#byId.delete(id);
  }

  /** Those in a range of ids, which may be much wider than what there is. */
  within(first: number, last: number): Unsettled[] {
    const span = (last - first) >>> 0;
    const found: Unsettled[] = [];
    if (span > this.#byId.size) {
      for (const entry of this.#byId.values()) if ((entry.id - first) >>> 0 <= span) found.push(entry);
      return found;
    }
    for (let offset = 0; offset <= span; offset += 1) {
      const entry = this.#byId.get((first + offset) >>> 0);
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
      if (!entry.held) removed.push(entry);
    }
    return removed;
  }
}
