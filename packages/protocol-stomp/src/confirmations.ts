/** Before this many slots are free at the front, moving the rest there does not pay. */
const COMPACT_MIN = 256;

/**
 * Sends and commits the engine still has to answer for, in order, with the receipts they owe. Receipts leave in
 * the order their frames came in.
 *
 *     #receipts  [ - - | "r1"  undefined  "r2" … ]
 *                      ▲ #head: the oldest one open; its token is #headToken
 */
export class Confirmations {
  readonly #emit: (receiptId: string) => void;
  #receipts: (string | undefined)[] = [];
  #done: boolean[] = [];
  #head = 0;
  #headToken = 1;

  /** @param emit writes a RECEIPT */
  constructor(emit: (receiptId: string) => void) {
    this.#emit = emit;
  }

  /** How many are open. */
  get pending(): number {
    return this.#receipts.length - this.#head;
  }

  /** A token for something that will be confirmed, with the receipt it owes. */
  expect(receiptId: string | undefined): number {
    this.#receipts.push(receiptId);
    this.#done.push(false);
    return this.#headToken + this.pending - 1;
  }

  /** The receipt that is owed for a token. */
  receiptOf(token: number): string | undefined {
    return this.#receipts[this.#head + token - this.#headToken];
  }

  /** What had this token is done: its receipt leaves when everything before it is done too. */
  confirm(token: number): void {
    this.#done[this.#head + token - this.#headToken] = true;
    while (this.#head < this.#receipts.length && this.#done[this.#head] === true) {
      const receiptId = this.#receipts[this.#head];
      this.#receipts[this.#head] = undefined;
      this.#head += 1;
      this.#headToken += 1;
      if (receiptId !== undefined) this.#emit(receiptId);
    }
    this.#compact();
  }

  #compact(): void {
    if (this.#head === this.#receipts.length) {
      this.#receipts.length = 0;
      this.#done.length = 0;
    } else if (this.#head >= COMPACT_MIN && this.#head * 2 >= this.#receipts.length) {
      this.#receipts = this.#receipts.slice(this.#head);
      this.#done = this.#done.slice(this.#head);
    } else {
      return;
    }
    this.#head = 0;
  }
}
