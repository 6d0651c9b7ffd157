import type { LoadedEntry, Timer } from "@tsapollo/domain";
import type { QueueEntry } from "./entry.ts";
import type { EntryList } from "./entry-list.ts";
import { earlierExpiry, PagedRun, type PageIn } from "./paged-run.ts";
import { moveTo } from "./position.ts";
import type { QueueStore, StorageParts } from "./queue-store.ts";

/** What paging may ask of its queue. */
export interface PagedQueue {
  readonly deleted: boolean;
  readonly entries: EntryList;
  /** Entries read at a time. */
  readonly pageEntries: number;
  /** Bytes of messages that are in memory. */
  readonly memoryBytes: number;
  /** Bytes beyond which what no consumer is near leaves the memory. */
  readonly keepBytes: number;
  /** Whether a ready entry can leave the memory. */
  mayLeave(entry: QueueEntry): boolean;
  /** An entry has left the memory. */
  pagedOut(entry: QueueEntry): void;
  /** Makes an entry of what was read. */
  toEntry(loaded: LoadedEntry): QueueEntry;
  /** Entries came back. */
  pagedIn(page: PageIn): void;
  /** The store had fewer entries than a run said. */
  lost(count: number, bytes: number): void;
  /** An entry that only the store has is found to be expired; it leaves the run. */
  expiredInRun(loaded: LoadedEntry): void;
}

/** Bytes read at a time, about. */
const PAGE_BYTES = 1024 * 1024;
const RETRY_MS = 1_000;
/** A run is looked through for expired entries no more often than this. */
const SCAN_PAUSE_MS = 10_000;

/**
 * Keeps a queue's memory small however long it is: runs of entries that no consumer is near are left to the store,
 * and read back in pages ahead of whoever needs them. One page at a time. [architecture 4.9, messaging 5.11]
 *
 *     [acquired] [ready] [ready] ▒▒▒ run ▒▒▒ [acquired] ▒▒▒▒▒▒ run ▒▒▒▒▒▒ [not durable yet]
 */
export class Paging {
  readonly #parts: StorageParts;
  readonly #queue: PagedQueue;
  /** Writes the queue's entries. */
  readonly store: QueueStore;
  /** Undefined: nothing is wanted. */
  #wanted: Set<PagedRun> | undefined = undefined;
  #runs = 0;
  #pageWaiters: (() => void)[] | undefined = undefined;
  #earliestExpiryMs = 0;
  #loading: PagedRun | undefined = undefined;
  #busy = false;
  #retry: Timer | undefined = undefined;
  #scannedAtMs = 0;

  constructor(parts: StorageParts, queue: PagedQueue, store: QueueStore) {
    this.#parts = parts;
    this.#queue = queue;
    this.store = store;
  }

  /** Whether leaving something to the store frees memory. */
  get frees(): boolean {
    return this.#parts.store.durable;
  }

  /** Whether parts of the queue are only in the store. */
  get hasRuns(): boolean {
    return this.#runs > 0;
  }

  /** Nothing that only the store has expires before; 0 when nothing does. */
  get earliestExpiryMs(): number {
    return this.#runs === 0 ? 0 : this.#earliestExpiryMs;
  }

  /** Everything the store has of the queue, at the start. */
  begin(run: PagedRun): void {
    this.#queue.entries.append(run);
    this.#earliestExpiryMs = run.earliestExpiryMs;
    this.#runs += 1;
  }

  /** Somebody needs the first entries of a run. */
  want(run: PagedRun): void {
    this.#wanted ??= new Set();
    this.#wanted.add(run);
    if (!this.#busy && this.#retry === undefined) void this.#work();
  }

  /** Calls back after the next page that is read. */
  afterPage(done: () => void): void {
    this.#pageWaiters ??= [];
    this.#pageWaiters.push(done);
  }

  /** The part of a run from a sequence on. */
  from(run: PagedRun, sequence: number): PagedRun {
    if (sequence <= run.sequence) return run;
    const rest = run.split(sequence);
    if (this.#loading === run) {
      // it may be looked through just now
      rest.earliestExpiryMs = earlierExpiry(rest.earliestExpiryMs, this.#parts.clock.nowMs());
    }
    this.#queue.entries.insertAfter(run, rest);
    this.#runs += 1;
    return rest;
  }

  /** The entries in memory are running out: those after an entry are read before they are needed. */
  loadAhead(entry: QueueEntry): void {
    if (this.#busy || this.#wanted !== undefined) return;
    for (let at = entry.next; at !== undefined; at = at.next) if (at.state === "paged") return this.want(at);
  }

  /** The newest entries leave the memory, as far as they can and there is too much. */
  pageOutTail(): void {
    const queue = this.#queue;
    const { entries } = queue;
    let found = false;
    for (let place = entries.last; place !== undefined && queue.memoryBytes > queue.keepBytes; ) {
      const { previous } = place;
      if (place.state === "paged") {
        if (!found) return; // nothing came in behind it that could leave
      } else if (queue.mayLeave(place)) {
        this.#pageOut(place);
        found = true;
        if (previous?.state === "paged") return;
      }
      place = previous;
    }
  }

  /** What lies beyond the window at the head leaves the memory: others have looked at it and passed. */
  #trim(): void {
    const queue = this.#queue;
    const { entries } = queue;
    const windowBytes = queue.keepBytes + 2 * PAGE_BYTES;
    if (queue.memoryBytes <= windowBytes) return;
    let seenBytes = 0;
    for (let place = entries.first; place !== undefined; ) {
      const { next } = place;
      if (place.state === "ready") {
        seenBytes += place.sizeBytes;
        if (seenBytes > windowBytes && queue.mayLeave(place)) this.#pageOut(place);
      }
      place = next;
    }
  }

  #pageOut(entry: QueueEntry): void {
    const queue = this.#queue;
    const { entries } = queue;
    const { previous, next } = entry;
    const { batch } = this.#parts.committer;
    const joinsNext = next?.state === "paged" && next.watchers === undefined && !this.#isAwaited(next);
    if (previous?.state === "paged") {
      previous.take(entry, batch);
      if (joinsNext && previous.canTakeAll(next)) {
        previous.takeAll(next, batch);
        entries.remove(next);
        this.#runs -= 1;
      }
    } else if (joinsNext) next.take(entry, batch);
    else {
      const run = new PagedRun(emptyAt(entry.sequence));
      run.take(entry, batch);
      entries.insertBefore(entry, run);
      this.#runs += 1;
    }
    entries.remove(entry);
    entry.state = "gone";
    this.#earliestExpiryMs = earlierExpiry(this.#earliestExpiryMs, entry.message.expiresAtMs);
    queue.pagedOut(entry);
  }

  /** Whether somebody stands at a run or its first entries are on their way: it must not begin earlier. */
  #isAwaited(run: PagedRun): boolean {
    return this.#loading === run || this.#wanted?.has(run) === true;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      for (const run of this.#wanted ?? []) {
        if (this.#queue.deleted) break;
        this.#trim();
        this.#loading = run;
        await this.#load(run);
        this.#loading = undefined;
      }
    } catch (error) {
      this.#loading = undefined;
      this.#parts.logger.error({ error }, "entries of a queue could not be read back; trying again");
      this.#retry = this.#parts.clock.after(RETRY_MS, () => {
        this.#retry = undefined;
        if (this.#wanted !== undefined && !this.#busy) void this.#work();
      });
    } finally {
      if (this.#wanted?.size === 0) this.#wanted = undefined;
      this.#busy = false;
    }
  }

  async #load(run: PagedRun): Promise<void> {
    const to = run.lastSequence;
    await this.#upToDate(run);
    const loaded = await this.#page(run.sequence, to);
    this.#wanted?.delete(run);
    if (!this.#queue.deleted) this.#insert(run, loaded, to);
  }

  /** @param to the last sequence that was asked for; the run may have grown since */
  #insert(run: PagedRun, loaded: readonly LoadedEntry[], to: number): void {
    const queue = this.#queue;
    const { entries } = queue;
    const fresh: QueueEntry[] = [];
    let last = loaded.length === 0 ? to : 0;
    for (const one of loaded) {
      last = Math.min(one.sequence, run.lastSequence);
      if (last < one.sequence) break; // the rest has become a run of its own
      const entry = queue.toEntry(one);
      entries.insertBefore(run, entry);
      fresh.push(entry);
      run.add(-1, -one.sizeBytes);
    }
    const isUsedUp = last >= run.lastSequence;
    const next = fresh[0] ?? (isUsedUp ? run.next : run);
    const moved = run.watchers ?? [];
    run.watchers = undefined;
    if (isUsedUp) {
      entries.remove(run);
      this.#runs -= 1;
    } else run.sequence = last + 1;
    for (const one of moved) {
      one.at = undefined;
      moveTo(one, next);
    }
    if (isUsedUp && run.end() && run.count !== 0) queue.lost(run.count, run.bytes);
    queue.pagedIn({ run, next, entries: fresh, moved });
    const waiters = this.#pageWaiters;
    this.#pageWaiters = undefined;
    if (waiters !== undefined) for (const done of waiters) done();
  }

  /** Drops what has expired among what only the store has, in time. [messaging 5.10] */
  expireDue(nowMs: number): void {
    if (this.#busy || nowMs - this.#scannedAtMs < SCAN_PAUSE_MS) return;
    this.#scannedAtMs = nowMs;
    void this.#scanAll(nowMs);
  }

  async #scanAll(nowMs: number): Promise<void> {
    const queue = this.#queue;
    const { entries } = queue;
    this.#busy = true;
    try {
      for (let at = entries.first; at !== undefined && !queue.deleted; at = at.next) {
        if (at.state !== "paged") continue;
        if (at.earliestExpiryMs !== 0 && at.earliestExpiryMs <= nowMs) await this.#scan(at, nowMs);
      }
    } catch (error) {
      this.#parts.logger.error({ error }, "a queue could not be looked through for expired messages");
    }
    this.#loading = undefined;
    let earliest = 0;
    for (let at = entries.first; at !== undefined; at = at.next) {
      if (at.state === "paged") earliest = earlierExpiry(earliest, at.earliestExpiryMs);
    }
    this.#earliestExpiryMs = earliest;
    this.#busy = false;
    if (this.#wanted !== undefined && !queue.deleted) void this.#work();
  }

  /** Looks through a run, page by page; whoever needs entries meanwhile waits no longer than a page takes. */
  async #scan(run: PagedRun, nowMs: number): Promise<void> {
    this.#loading = run;
    const to = run.lastSequence;
    const before = run.earliestExpiryMs;
    run.earliestExpiryMs = 0;
    let from = run.sequence;
    try {
      await this.#upToDate(run);
      while (from <= Math.min(to, run.lastSequence) && !this.#queue.deleted) {
        const loaded = await this.#page(from, to);
        if (this.#queue.deleted) break;
        for (const one of loaded) if (one.sequence <= run.lastSequence) this.#look(run, one, nowMs);
        from = (loaded.at(-1)?.sequence ?? to) + 1;
        if (this.#wanted !== undefined) break;
      }
    } finally {
      // consumers first, or the store could not be read: the rest next time
      if (from <= to) run.earliestExpiryMs = earlierExpiry(run.earliestExpiryMs, before);
      this.#loading = undefined;
    }
  }

  #page(from: number, to: number): Promise<readonly LoadedEntry[]> {
    const bounds = { from, to, maxEntries: this.#queue.pageEntries, maxBytes: PAGE_BYTES };
    return this.#parts.store.page(this.store.storeId, bounds);
  }

  /** What was taken out between the entries of a run must not be read again, nor an old count of redeliveries. */
  async #upToDate(run: PagedRun): Promise<void> {
    if (!this.#parts.committer.isDurable(run)) await this.#durable();
  }

  #durable(): Promise<void> {
    return new Promise((resolve) => this.#parts.committer.afterDurable(() => resolve()));
  }

  #look(run: PagedRun, loaded: LoadedEntry, nowMs: number): void {
    const { expiresAtMs } = loaded;
    if (expiresAtMs === 0) return;
    if (expiresAtMs > nowMs) {
      run.earliestExpiryMs = earlierExpiry(run.earliestExpiryMs, expiresAtMs);
      return;
    }
    run.add(-1, -loaded.sizeBytes);
    this.#queue.expiredInRun(loaded);
    run.batch = this.#parts.committer.batch;
  }
}

function emptyAt(sequence: number): ConstructorParameters<typeof PagedRun>[0] {
  return { sequence, lastSequence: sequence, count: 0, bytes: 0, earliestExpiryMs: 0 };
}
