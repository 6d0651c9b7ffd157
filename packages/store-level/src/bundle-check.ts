import type { StoredQueue } from "@tsapollo/domain";
import { ENTRIES_AT, entriesEnd, nextEntryAt, offsetAt, readBundleHead, sizeAt } from "./bundle-record.ts";
import { storeFailed } from "./failures.ts";
import { holesOf, isMissing, readGone } from "./gone-record.ts";
import { sequenceOf } from "./keys.ts";
import { asBuffer } from "./shelf.ts";

type Records = readonly (readonly [Uint8Array, Uint8Array])[];

/** Looks at all bundles of a queue, in order, and counts what is left in them. */
export class BundleCheck {
  readonly #queue: StoredQueue;
  /** End of the last bundle. */
  last = 0;
  count = 0;
  bytes = 0;

  constructor(queue: StoredQueue) {
    this.#queue = queue;
  }

  /**
   * Looks at the bundles that follow, and at everything that says what is gone up to the end of the last of them.
   * @throws BrokerError STORE_FAILED when something is wrong
   */
  add(bundles: Records, gone: Records): void {
    const goneOf = new Map(gone.map(([key, value]) => [sequenceOf(asBuffer(key)), asBuffer(value)]));
    for (const [key, value] of bundles) {
      const last = sequenceOf(asBuffer(key));
      this.#bundle(last, asBuffer(value), goneOf.get(last));
      goneOf.delete(last);
    }
    for (const last of goneOf.keys()) throw this.#wrong(last, "marks for entries that are not there");
  }

  #bundle(expectedLast: number, record: Buffer, gone: Buffer | undefined): void {
    const head = readBundleHead(this.#queue.queueId, record);
    const { first, last, count } = head;
    if (last !== expectedLast || first <= this.last) throw this.#wrong(last, "entries at the wrong place");
    const missing = gone === undefined ? holesOf(head, record) : readGone(this.#queue.queueId, head, gone);
    let found = 0;
    let before = -1;
    for (let at = ENTRIES_AT; at < entriesEnd(record); at = nextEntryAt(record, at)) {
      const offset = offsetAt(record, at);
      if (offset <= before || offset > last - first) throw this.#wrong(last, "entries in the wrong order");
      before = offset;
      found += 1;
      if (missing !== undefined && isMissing(missing, offset)) continue;
      this.count += 1;
      this.bytes += sizeAt(record, at);
    }
    if (found !== count) throw this.#wrong(last, `${found} entries instead of ${count}`);
    this.last = last;
  }

  #wrong(last: number, what: string): Error {
    return storeFailed(`Queue '${this.#queue.key}' has ${what} (in the bundle that ends at ${last})`);
  }
}
