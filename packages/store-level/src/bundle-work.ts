import type { StoredEntry } from "@tsapollo/domain";
import { nothingMissing, setMissing } from "./gone-record.ts";
import { entriesLeft, type KnownBundle, type KnownBundles } from "./known-bundles.ts";
import type { QueueTotals } from "./queue-state.ts";
import { indexOfSequence, type PendingMessage } from "./queue-work.ts";

/** What a group takes out of one bundle. The bundle as it is known stays as it is until that is durable. */
export class BundleChange {
  readonly bundle: KnownBundle;
  readonly missing: Uint8Array;
  /** How many entries are left. */
  left: number;
  isChanged = false;

  constructor(bundle: KnownBundle) {
    this.bundle = bundle;
    this.missing = bundle.missing === undefined ? nothingMissing(bundle) : new Uint8Array(bundle.missing);
    this.left = entriesLeft(bundle);
  }

  /** Takes an entry out. `false`: it is not there. */
  take(sequence: number): boolean {
    if (!setMissing(this.missing, sequence - this.bundle.first)) return false;
    this.left -= 1;
    this.isChanged = true;
    return true;
  }
}

/** What a group does to the entries of one queue. */
export class BundleWork {
  readonly totals: QueueTotals;
  /** Highest sequence of the queue before this group. */
  readonly lastBefore: number;
  /** What comes in, by sequence, with its messages; one without a message was taken out again. */
  readonly entries: StoredEntry[] = [];
  readonly messages: (PendingMessage | undefined)[] = [];
  /** Bundles that something is taken out of, by sequence. */
  readonly changes: BundleChange[] = [];
  /** Bundles that it writes. */
  readonly written: KnownBundle[] = [];
  /** Whether sequences may come that lie between those of the entries. */
  isScattered = false;
  #current: BundleChange | undefined = undefined;

  constructor(totals: QueueTotals) {
    this.totals = totals;
    this.lastBefore = totals.lastSequence;
  }

  /** Adds an entry. */
  add(entry: StoredEntry, message: PendingMessage): void {
    const { entries, messages } = this;
    let at = entries.length;
    while (at > 0 && entries[at - 1]!.sequence > entry.sequence) at -= 1;
    if (at === entries.length) {
      entries.push(entry);
      messages.push(message);
    } else {
      entries.splice(at, 0, entry);
      messages.splice(at, 0, message);
    }
  }

  /** Takes an entry out again that came in with this group; undefined for another one. */
  cancel(sequence: number): StoredEntry | undefined {
    const at = indexOfSequence(this.entries, sequence);
    const message = this.messages[at];
    if (message === undefined) return undefined;
    message.left -= 1;
    this.messages[at] = undefined;
    return this.entries[at];
  }

  /** The change of the bundle that a sequence is in; undefined when no such bundle is known. */
  changeAt(sequence: number, known: KnownBundles): BundleChange | undefined {
    const current = this.#current;
    if (current !== undefined && contains(current.bundle, sequence)) return current;
    let found = this.changes[indexOfChange(this.changes, sequence)];
    if (found === undefined || !contains(found.bundle, sequence)) {
      const bundle = known.find(this.totals, sequence);
      if (bundle === undefined) return undefined;
      found = this.#change(bundle);
    }
    this.#current = found;
    return found;
  }

  /** A bundle was read: what is taken out of it is known from now on. */
  learn(bundle: KnownBundle): void {
    const at = indexOfChange(this.changes, bundle.last);
    if (this.changes[at]?.bundle.last !== bundle.last) this.#change(bundle);
  }

  #change(bundle: KnownBundle): BundleChange {
    const change = new BundleChange(bundle);
    this.changes.splice(indexOfChange(this.changes, bundle.last), 0, change);
    return change;
  }
}

function contains({ first, last }: KnownBundle, sequence: number): boolean {
  return first <= sequence && sequence <= last;
}

/** Index of the first change whose bundle ends at a sequence or behind it. */
function indexOfChange(changes: readonly BundleChange[], sequence: number): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (changes[middle]!.bundle.last < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}
