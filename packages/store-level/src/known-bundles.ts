import type { BundleHead } from "./bundle-record.ts";
import { missingCount } from "./gone-record.ts";
import type { QueueTotals } from "./queue-state.ts";

/** What is remembered of a bundle that is in the store. Never changed: another one takes its place. */
export interface KnownBundle extends BundleHead {
  /** Size of the record. */
  readonly bytes: number;
  /** Sequences that are not there, see gone-record.ts; undefined for none. */
  readonly missing: Uint8Array | undefined;
  /** Whether a record says what is gone. */
  readonly isMarked: boolean;
}

/** How much is remembered. A bundle counts 1, or 4 and more when something is missing in it. */
export interface BundleLimits {
  /** Bundles of one queue. */
  readonly perQueue: number;
  /** All together. */
  readonly total: number;
}

/** About 30 MB at most. */
export const BUNDLE_LIMITS: BundleLimits = Object.freeze({ perQueue: 8_192, total: 300_000 });

/** A page that is being read: what it finds is as of its beginning, and may be out of date when it ends. */
export interface BundleReading {
  readonly totals: QueueTotals;
  readonly bundles: KnownBundle[];
  /** Last sequences of bundles that are not as they were any more. */
  readonly changed: Set<number>;
  isStale: boolean;
}

/** How many entries of a bundle are there. */
export function entriesLeft({ first, last, missing }: KnownBundle): number {
  return last - first + 1 - (missing === undefined ? 0 : missingCount(missing));
}

/**
 * Knows which bundle a sequence is in and what is gone of it, as far as it was written or read lately. Only that: whoever
 * does not find a bundle here reads it. It says what is durable; a write under way changes nothing. What a queue has lies
 * in its totals, one bundle by itself and several as a list by sequence, so that a queue with few entries costs little.
 */
export class KnownBundles {
  readonly #totals: ReadonlyMap<number, QueueTotals>;
  readonly #limits: BundleLimits;
  readonly #readings: Map<QueueTotals, BundleReading[]> = new Map();
  #size = 0;

  constructor(totals: ReadonlyMap<number, QueueTotals>, limits: BundleLimits = BUNDLE_LIMITS) {
    this.#totals = totals;
    this.#limits = limits;
  }

  /** The bundle that a sequence is in, if it is known. */
  find({ bundles }: QueueTotals, sequence: number): KnownBundle | undefined {
    if (bundles === undefined) return undefined;
    const found = isList(bundles) ? bundles[indexOfEnd(bundles, sequence)] : bundles;
    return found !== undefined && found.first <= sequence && sequence <= found.last ? found : undefined;
  }

  /** A bundle is as it is now. */
  set(totals: QueueTotals, bundle: KnownBundle): void {
    this.#changed(totals, bundle.last);
    this.#add(totals, bundle);
  }

  #changed(totals: QueueTotals, last: number): void {
    const readings = this.#readings.size === 0 ? undefined : this.#readings.get(totals);
    if (readings === undefined) return;
    for (const { changed } of readings) changed.add(last);
  }

  #add(totals: QueueTotals, bundle: KnownBundle): void {
    this.#size += weightOf(bundle);
    const { bundles } = totals;
    if (bundles === undefined) totals.bundles = bundle;
    else if (isList(bundles)) this.#setInList(bundles, bundle);
    else if (bundles.last === bundle.last) {
      this.#size -= weightOf(bundles);
      totals.bundles = bundle;
    } else totals.bundles = bundles.last < bundle.last ? [bundles, bundle] : [bundle, bundles];
    if (this.#size > this.#limits.total) this.forgetAll();
  }

  #setInList(list: KnownBundle[], bundle: KnownBundle): void {
    const at = indexOfEnd(list, bundle.last);
    const there = list[at];
    if (there?.last === bundle.last) {
      this.#size -= weightOf(there);
      list[at] = bundle;
      return;
    }
    if (at === list.length) list.push(bundle);
    else list.splice(at, 0, bundle);
    this.#shorten(list);
  }

  #shorten(list: KnownBundle[]): void {
    const { perQueue } = this.#limits;
    if (list.length <= perQueue) return;
    // what comes in is at one end and what is taken out at the other: the middle is needed last
    const count = list.length - perQueue + (perQueue >> 1);
    for (const gone of list.splice(perQueue >> 2, count)) this.#size -= weightOf(gone);
  }

  /** Nothing is left of a bundle. */
  remove(totals: QueueTotals, last: number): void {
    this.#changed(totals, last);
    const { bundles } = totals;
    if (bundles === undefined) return;
    if (!isList(bundles)) {
      if (bundles.last !== last) return;
      this.#size -= weightOf(bundles);
      totals.bundles = undefined;
      return;
    }
    const at = indexOfEnd(bundles, last);
    const there = bundles[at];
    if (there?.last !== last) return;
    this.#size -= weightOf(there);
    if (at === 0) bundles.shift();
    else bundles.splice(at, 1);
    if (bundles.length === 0) totals.bundles = undefined;
  }

  /** A queue is gone. */
  forget(totals: QueueTotals): void {
    const { bundles } = totals;
    if (bundles === undefined) return;
    if (isList(bundles)) for (const bundle of bundles) this.#size -= weightOf(bundle);
    else this.#size -= weightOf(bundles);
    totals.bundles = undefined;
  }

  /** Nothing is known any more: too much was, or what is durable has become uncertain. */
  forgetAll(): void {
    for (const totals of this.#totals.values()) totals.bundles = undefined;
    for (const readings of this.#readings.values()) {
      for (const reading of readings) reading.isStale = true;
    }
    this.#size = 0;
  }

  /** A page is about to be read, as of now. */
  beginReading(totals: QueueTotals): BundleReading {
    const reading = { totals, bundles: [], changed: new Set<number>(), isStale: false };
    const others = this.#readings.get(totals);
    if (others === undefined) this.#readings.set(totals, [reading]);
    else others.push(reading);
    return reading;
  }

  /** A page was read, or failed. What it found is remembered unless something newer is known, or might be. */
  endReading(reading: BundleReading): void {
    const { totals, bundles, changed, isStale } = reading;
    const others = this.#readings.get(totals)!.filter((other) => other !== reading);
    if (others.length === 0) this.#readings.delete(totals);
    else this.#readings.set(totals, others);
    if (isStale || this.#totals.get(totals.queue.queueId) !== totals) return;
    const fresh = bundles.filter(({ last }) => !changed.has(last) && this.find(totals, last) === undefined);
    const list = totals.bundles;
    if (fresh.length === 0) return;
    if (
      list === undefined ||
      !isList(list) ||
      indexOfEnd(list, fresh[0]!.last) !== indexOfEnd(list, fresh.at(-1)!.last)
    ) {
      for (const bundle of fresh) this.#add(totals, bundle);
      return;
    }
    // they lie side by side
    for (const bundle of fresh) this.#size += weightOf(bundle);
    list.splice(indexOfEnd(list, fresh[0]!.last), 0, ...fresh);
    this.#shorten(list);
    if (this.#size > this.#limits.total) this.forgetAll();
  }
}

function isList(bundles: KnownBundle | KnownBundle[]): bundles is KnownBundle[] {
  return Array.isArray(bundles);
}

/** Index of the first one that ends at a sequence or behind it, in a list by sequence. Mostly that is the first of all. */
export function indexOfEnd(list: readonly { readonly last: number }[], sequence: number): number {
  let high = list.length;
  if (high === 0 || sequence <= list[0]!.last) return 0;
  if (sequence > list[high - 1]!.last) return high;
  let low = 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.last < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}

function weightOf({ missing }: KnownBundle): number {
  return missing === undefined ? 1 : 4 + (missing.length >> 6);
}
