import type { Clock, LoadedEntry, Message } from "@tsapollo/domain";
import type { HostCounters } from "../host/host-counters.ts";
import type { MemoryBudget } from "../host/memory-budget.ts";
import type { QueueSettings } from "../settings.ts";
import type { Place, QueueEntry } from "./entry.ts";
import { EntryList } from "./entry-list.ts";
import { ExpiryOrder } from "./expiry-order.ts";
import { earlierExpiry, type PagedRun, type PageIn } from "./paged-run.ts";
import type { PagedQueue, Paging } from "./paging.ts";

/** What all queues of a host count in. */
export interface ContentsServices {
  readonly memory: MemoryBudget;
  readonly counters: HostCounters;
  readonly clock: Clock;
}

/** What the contents may ask of their queue. */
export interface ContentsOwner {
  readonly deleted: boolean;
  /** Bytes that its consumers are about to take. */
  readonly aheadBytes: number;
  /** Told when an entry with an expiry comes in and there was none. */
  expiring(): void;
  /** Whether a ready entry must stay in memory because it goes out next. */
  needs(entry: QueueEntry): boolean;
  /** An entry comes back into memory. */
  loading(entry: QueueEntry): void;
  /** See {@link PagedQueue.pagedIn}. */
  pagedIn(page: PageIn): void;
  /** A message that only the store had has expired, and left. */
  expiredInStore(message: Message, redeliveryCount: number): void;
  /** Takes an entry out for good. */
  remove(entry: QueueEntry): void;
  /** Something left by itself. */
  relieve(): void;
}

/** Part of the host's memory that one queue may keep for fast consumers. */
const AHEAD_SHARE = 1 / 8;

/** What is in a queue, in memory and in the store, and how much it is. Who gets it is not its business. */
export class Contents implements PagedQueue {
  readonly entries: EntryList = new EntryList();
  /** Undefined for a queue that is not stored. Set once, right after it is made. */
  storage: Paging | undefined = undefined;
  /** Messages, and bytes of them, whether in memory or not. */
  length = 0;
  bytes = 0;
  /** Bytes of messages in memory. */
  memoryBytes = 0;
  /** Copies of retained messages. */
  retainedCount = 0;
  /** Messages put in and taken out since the queue exists. */
  enqueued = 0;
  dequeued = 0;
  readonly #settings: QueueSettings;
  readonly #services: ContentsServices;
  readonly #owner: ContentsOwner;
  #expiry: ExpiryOrder | undefined = undefined;
  /** Room must be made as soon as the head is in memory. */
  #dropsLater = false;

  constructor(settings: QueueSettings, services: ContentsServices, owner: ContentsOwner) {
    this.#settings = settings;
    this.#services = services;
    this.#owner = owner;
  }

  /** Entries read from the store at a time. */
  get pageEntries(): number {
    return this.#settings.swapRangeSize;
  }

  /** Whether what no consumer is near may leave the memory. A priority is known only of what is in memory. */
  get pages(): boolean {
    if (this.storage === undefined || !this.storage.frees) return false;
    return this.#settings.swap && !this.#settings.priority;
  }

  /** Whether parts of it are only in the store. */
  get hasPaged(): boolean {
    return this.storage?.hasRuns ?? false;
  }

  /** Whether there is no room. [messaging 5.2] */
  get isFull(): boolean {
    const { quotaBytes, quotaMessages, tailBufferBytes } = this.#settings;
    if (quotaBytes >= 0 && this.bytes > quotaBytes) return true;
    if (quotaMessages >= 0 && this.length > quotaMessages) return true;
    return (this.storage === undefined || !this.#settings.swap) && this.bytes >= tailBufferBytes;
  }

  get deleted(): boolean {
    return this.#owner.deleted;
  }

  /** What may stay in memory although no consumer is near: more while consumers are fast, less while memory is scarce. */
  get keepBytes(): number {
    if (this.#services.memory.isScarce) return 0;
    const aheadBytes = Math.min(this.#owner.aheadBytes, this.#services.memory.limitBytes * AHEAD_SHARE);
    return Math.max(this.#settings.tailBufferBytes, aheadBytes);
  }

  /** A new entry, at the end. */
  append(entry: QueueEntry): void {
    const { message } = entry;
    if (this.storage !== undefined) {
      if (message.persistent) this.storage.store.put(entry, false);
      else if (this.memoryBytes > this.keepBytes && this.pages) this.storage.store.put(entry, true);
    }
    this.entries.append(entry);
    this.enqueued += 1;
    if (entry.retained) this.retainedCount += 1;
    this.length += 1;
    this.bytes += message.sizeBytes;
    this.#services.counters.queuedMessages += 1;
    this.#services.counters.queuedBytes += message.sizeBytes;
    this.#tookMemory(entry);
  }

  #tookMemory(entry: QueueEntry): void {
    const { sizeBytes, expiresAtMs } = entry.message;
    this.memoryBytes += sizeBytes;
    this.#services.memory.take(sizeBytes);
    if (expiresAtMs !== 0) this.noteExpiry(entry);
  }

  /** An entry is done with: the store forgets it too. The caller takes it out of the list. */
  left(entry: QueueEntry): void {
    this.storage?.store.remove(entry);
    this.withdrawn(entry);
  }

  /** The same for an entry that the store does not have. */
  withdrawn(entry: QueueEntry): void {
    this.#count(entry.retained, entry.sizeBytes);
    this.leftMemory(entry);
  }

  #count(retained: boolean, sizeBytes: number): void {
    this.dequeued += 1;
    if (retained) this.retainedCount -= 1;
    this.length -= 1;
    this.bytes -= sizeBytes;
    this.#services.counters.queuedMessages -= 1;
    this.#services.counters.queuedBytes -= sizeBytes;
  }

  /** Entries may be durable that were not: what is too much leaves the memory. */
  pageOut(): void {
    if (this.memoryBytes > this.keepBytes && this.pages) this.storage!.pageOutTail();
  }

  /** The entries after one that goes out are read before they are needed. */
  loadAhead(entry: QueueEntry): void {
    if (this.hasPaged && this.memoryBytes < this.#settings.tailBufferBytes) this.storage!.loadAhead(entry);
  }

  mayLeave(entry: QueueEntry): boolean {
    if (entry.state !== "ready" || entry.isBack || entry.watchers !== undefined) return false;
    return this.storage!.store.isDurable(entry) && !this.#owner.needs(entry);
  }

  pagedOut(entry: QueueEntry): void {
    this.leftMemory(entry);
  }

  /** An entry is in memory no more. */
  leftMemory(entry: QueueEntry): void {
    this.memoryBytes -= entry.sizeBytes;
    this.#services.memory.give(entry.sizeBytes);
  }

  toEntry(loaded: LoadedEntry): QueueEntry {
    const entry = this.storage!.store.toEntry(loaded);
    this.#tookMemory(entry);
    this.#owner.loading(entry);
    return entry;
  }

  pagedIn(page: PageIn): void {
    this.#owner.pagedIn(page);
  }

  expiredInRun(loaded: LoadedEntry): void {
    this.storage!.store.removeLoaded(loaded);
    this.#count(loaded.retained, loaded.sizeBytes);
    this.#owner.expiredInStore(loaded.message, loaded.redeliveryCount);
    this.#owner.relieve();
  }

  lost(count: number, bytes: number): void {
    this.length -= count;
    this.bytes -= bytes;
    this.#services.counters.queuedMessages -= count;
    this.#services.counters.queuedBytes -= bytes;
    this.#owner.relieve();
  }

  /** The queue is full: @returns whether the new message may come in all the same [messaging 5.2] */
  makesRoom(): boolean {
    if (this.#settings.fullPolicy === "drop tail") {
      this.#services.counters.droppedMessages += 1;
      return false;
    }
    this.dropHead();
    return true;
  }

  /** Drops from the head what nobody holds, until there is room again. [messaging 5.2] */
  dropHead(): void {
    for (let place = this.entries.first; place !== undefined && this.isFull; ) {
      if (place.state === "paged") {
        this.#dropsLater = true; // more than the limit for as long as it takes to read what is dropped
        this.storage!.want(place);
        return;
      }
      const next: Place | undefined = place.next;
      if (place.state === "ready") {
        this.#services.counters.droppedMessages += 1;
        this.#owner.remove(place);
      }
      // a producer that was relieved may have made room itself
      place = next?.state === "gone" ? this.entries.first : next;
    }
  }

  /** Drops what should have been dropped when it was not in memory. */
  dropLate(): void {
    if (!this.#dropsLater) return;
    this.#dropsLater = false;
    this.dropHead();
  }

  /** Goes on where an earlier process stopped: nothing is in memory yet. */
  restore(run: PagedRun): void {
    this.storage!.begin(run);
    this.length = run.count;
    this.bytes = run.bytes;
    this.#services.counters.queuedMessages += run.count;
    this.#services.counters.queuedBytes += run.bytes;
    if (run.earliestExpiryMs !== 0) this.#owner.expiring();
  }

  /** An entry with an expiry came in, or came back after its time. */
  noteExpiry(entry: QueueEntry): void {
    this.#expiry ??= new ExpiryOrder();
    if (this.nextExpiryMs === 0) this.#owner.expiring();
    this.#expiry.add(entry, this.entries.length);
  }

  /** Earliest time at which maintenance has something to expire, 0 for never. */
  get nextExpiryMs(): number {
    return earlierExpiry(this.#expiry?.nextMs ?? 0, this.storage?.earliestExpiryMs ?? 0);
  }

  /** Entries in memory whose time has come and whom nobody holds. Those in the store are looked for. */
  takeDue(): readonly QueueEntry[] {
    const nowMs = this.#services.clock.nowMs();
    const paging = this.storage;
    if (paging !== undefined && paging.earliestExpiryMs !== 0 && paging.earliestExpiryMs <= nowMs) {
      paging.expireDue(nowMs);
    }
    return this.#expiry?.takeDue(nowMs) ?? [];
  }

  /** The queue is deleted; every entry has left the memory. */
  clear(): void {
    this.#services.counters.queuedMessages -= this.length;
    this.#services.counters.queuedBytes -= this.bytes;
    this.bytes = 0;
    this.length = 0;
    this.#expiry?.clear();
  }
}
