const PAGE_IDS = 65_536;

interface Page {
  readonly bits: Uint8Array;
  count: number;
}

/** A set of numbers from 1 up that lie close together: a bit for each, in pages that exist only where there are some. */
export class IdSet {
  readonly #pages: Map<number, Page> = new Map();

  /** Whether it has a number. */
  has(id: number): boolean {
    const page = this.#pages.get(Math.floor(id / PAGE_IDS));
    const at = id % PAGE_IDS;
    return page !== undefined && (page.bits[at >> 3]! & (1 << (at & 7))) !== 0;
  }

  /** Adds a number. `false`: it was there. */
  add(id: number): boolean {
    const number = Math.floor(id / PAGE_IDS);
    const page = this.#pages.get(number) ?? { bits: new Uint8Array(PAGE_IDS >> 3), count: 0 };
    this.#pages.set(number, page);
    const at = id % PAGE_IDS;
    const bit = 1 << (at & 7);
    if ((page.bits[at >> 3]! & bit) !== 0) return false;
    page.bits[at >> 3]! |= bit;
    page.count += 1;
    return true;
  }

  /** Removes a number. */
  delete(id: number): void {
    const number = Math.floor(id / PAGE_IDS);
    const page = this.#pages.get(number);
    const at = id % PAGE_IDS;
    const bit = 1 << (at & 7);
    if (page === undefined || (page.bits[at >> 3]! & bit) === 0) return;
    page.bits[at >> 3]! &= ~bit;
    page.count -= 1;
    if (page.count === 0) this.#pages.delete(number);
  }
}
