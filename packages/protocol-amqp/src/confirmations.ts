/** Before this many slots are free at the front, moving the rest there does not pay. */
const COMPACT_MIN = 256;

/** Whoever took a message from the client and owes it an outcome. */
export interface Owing {
  /** The engine answers for the delivery, or says why it does not. */
  confirmed(deliveryId: number, error?: Error): void;
}

/**
 * Messages that the engine still has to answer for, in order, with their links.
 *
 *     #links  [ - - | link  undefined  link … ]      undefined: answered before its turn
 *                     ▲ #head: the oldest one open; its token is #headToken
 */
export class Confirmations {
  #links: (Owing | undefined)[] = [];
  #ids: number[] = [];
  #head = 0;
  #headToken = 1;

  /** A token for a message of a link. */
  expect(link: Owing, deliveryId: number): number {
    this.#links.push(link);
    this.#ids.push(deliveryId);
    return this.#headToken + this.#links.length - this.#head - 1;
  }

  /** What had this token is done: its link is told. */
  confirm(token: number, error: Error | undefined): void {
    const at = this.#head + token - this.#headToken;
    const link = this.#links[at];
    if (link === undefined) return;
    this.#links[at] = undefined;
    const deliveryId = this.#ids[at]!;
    while (this.#head < this.#links.length && this.#links[this.#head] === undefined) {
      this.#head += 1;
      this.#headToken += 1;
    }
    this.#compact();
    link.confirmed(deliveryId, error);
  }

  #compact(): void {
    if (this.#head === this.#links.length) {
      this.#links.length = 0;
      this.#ids.length = 0;
    } else if (this.#head >= COMPACT_MIN && this.#head * 2 >= this.#links.length) {
      this.#links = this.#links.slice(this.#head);
      this.#ids = this.#ids.slice(this.#head);
    } else {
      return;
    }
    this.#head = 0;
  }
}
