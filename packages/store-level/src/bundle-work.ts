import type { StoredEntry } from "@tsapollo/domain";
import { nothingMissing, setMissing } from "./gone-record.ts";
import { entriesLeft, indexOfEnd, type KnownBundle, type KnownBundles } from "./known-bundles.ts";
import type { QueueTotals } from "./queue-state.ts";
import { indexOfSequence, type PendingMessage } from "./queue-work.ts";

/** What is missing in a bundle of one entry is never written: without it the bundle goes. */
const OF_ONE: Uint8Array = new Uint8Array(0);

/** What a group takes out of one bundle. The bundle as it is known stays as it is until that is durable. */
export class BundleChange {
  readonly bundle: KnownBundle;
  readonly missing: Uint8Array;
  /** How many entries are left. */
  left: number;
  isChanged = false;
  /** Where the bundle ends. */
  readonly last: number;

  constructor(bundle: KnownBundle) {
    this.bundle = bundle;
    this.last = bundle.last;
    if (bundle.first === bundle.last) {
      this.missing = OF_ONE;
      this.left = 1;
      return;
    }
    this.missing = bundle.missing === undefined ? nothingMissing(bundle) : new Uint8Array(bundle.missing);
    this.left = entriesLeft(bundle);
  }

  /** Takes an entry out. `false`: it is not there. */
  take(sequence: number): boolean {
    if (this.left === 0) return false;
    if (this.missing !== OF_ONE && !setMissing(this.missing, sequence - this.bundle.first)) return false;
    this.left -= 1;
    this.isChanged = true;
    return true;
  }
}

const NONE: readonly never[] = Object.freeze([]);

/** What a group does to the entries of one queue. */
export class BundleWork {
  readonly totals: QueueTotals;
  /** Highest sequence of the queue before this group. */
  readonly lastBefore: number;
  /** What comes in, by sequence, with its messages; one without a message was taken out again. */
  #entries: readonly StoredEntry[] = NONE;
  #messages: readonly (PendingMessage | undefined)[] = NONE;
  /** Whether these lists are a unit's own, which must not change: it may be committed again. */
  #areBorrowed = true;
  #changes: BundleChange[] | undefined = undefined;
  /** The bundle that it writes, or all of them. */
  written: KnownBundle | KnownBundle[] | undefined = undefined;
  /** Whether sequences may come that lie between those of the entries. */
  isScattered = false;
  #current: BundleChange | undefined = undefined;

  constructor(totals: QueueTotals) {
    this.totals = totals;
    this.lastBefore = totals.lastSequence;
  }

  get entries(): readonly StoredEntry[] {
    return this.#entries;
  }

  get messages(): readonly (PendingMessage | undefined)[] {
    return this.#messages;
  }

  /** Bundles that something is taken out of, by sequence. */
  get changes(): readonly BundleChange[] {
    return this.#changes ?? NONE;
  }

  /** Adds all entries of a unit, none of which is transient. */
  addAll(entries: readonly StoredEntry[], messages: readonly (PendingMessage | undefined)[]): void {
    if (this.#entries.length === 0) {
      this.#entries = entries;
      this.#messages = messages;
      this.#areBorrowed = true;
      return;
    }
    for (let at = 0; at < entries.length; at++) {
      const message = messages[at];
      if (message !== undefined) this.add(entries[at]!, message);
    }
  }

  #own(): { entries: StoredEntry[]; messages: (PendingMessage | undefined)[] } {
    if (this.#areBorrowed) {
      this.#entries = [...this.#entries];
      this.#messages = [...this.#messages];
      this.#areBorrowed = false;
    }
    return {
      entries: this.#entries as StoredEntry[],
      messages: this.#messages as (PendingMessage | undefined)[],
    };
  }

  /** Adds an entry. */
  add(entry: StoredEntry, message: PendingMessage): void {
    const { entries, messages } = this.#own();
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
    const at = indexOfSequence(this.#entries, sequence);
    const message = this.#messages[at];
    if (message === undefined) return undefined;
    message.left -= 1;
    this.#own().messages[at] = undefined;
    return this.#entries[at];
  }

  /** The change of the bundle that a sequence is in; undefined when no such bundle is known. */
  changeAt(sequence: number, known: KnownBundles): BundleChange | undefined {
    const current = this.#current;
    if (current !== undefined && contains(current.bundle, sequence)) return current;
    let found = this.changes[indexOfEnd(this.changes, sequence)];
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
    const at = indexOfEnd(this.changes, bundle.last);
    if (this.changes[at]?.bundle.last !== bundle.last) this.#change(bundle);
  }

  /** A bundle was put together. */
  wrote(bundle: KnownBundle): void {
    if (this.written === undefined) this.written = bundle;
    else if (Array.isArray(this.written)) this.written.push(bundle);
    else this.written = [this.written, bundle];
  }

  #change(bundle: KnownBundle): BundleChange {
    const change = new BundleChange(bundle);
    this.#changes ??= [];
    const at = indexOfEnd(this.#changes, bundle.last);
    if (at === this.#changes.length) this.#changes.push(change);
    else this.#changes.splice(at, 0, change);
    return change;
  }
}

function contains({ first, last }: KnownBundle, sequence: number): boolean {
  return first <= sequence && sequence <= last;
}
