import type { Address, Clock, Consumer, Message, Outcome } from "@tsapollo/domain";
import { Congestion } from "../congestion.ts";
import type { Committer } from "../host/committer.ts";
import type { MemoryBudget } from "../host/memory-budget.ts";
import type { QueueSettings } from "../settings.ts";
import { QueueEntry } from "./entry.ts";
import { EntryList } from "./entry-list.ts";
import { FeedRing } from "./feed-ring.ts";
import { QueueFeed } from "./queue-feed.ts";

/** What a queue is made of. */
export interface QueueParts {
  readonly address: Address;
  readonly settings: QueueSettings;
  /** Its id in the store; 0 when it is not stored. */
  readonly storeId: number;
  readonly clock: Clock;
  readonly committer: Committer;
  readonly memory: MemoryBudget;
  /** Told when the first entry with an expiry comes in. */
  readonly onExpiring: (queue: Queue) => void;
}

/**
 * Hands each message to one of its consumers, in order, round robin among those with credit. What is not
 * acknowledged comes back to its old place and goes out first. [messaging 5]
 */
export class Queue {
  readonly address: Address;
  readonly settings: QueueSettings;
  readonly storeId: number;
  readonly congestion: Congestion = new Congestion();
  readonly #parts: QueueParts;
  readonly #entries: EntryList = new EntryList();
  readonly #ring: FeedRing = new FeedRing();
  readonly #feeds: Set<QueueFeed> = new Set();
  #sequence = 0;
  #bytes = 0;
  #dispatching = false;
  /** Set when the queue is deleted: routes that remember it must ask again. */
  deleted = false;
  usedAtMs: number;
  /** Earliest expiry among its entries, 0 for none. */
  nextExpiryMs = 0;
  /** Messages put in and taken out since it exists. */
  enqueued = 0;
  dequeued = 0;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.address = parts.address;
    this.settings = parts.settings;
    this.storeId = parts.storeId;
    this.usedAtMs = parts.clock.nowMs();
  }

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get consumerCount(): number {
    return this.#feeds.size;
  }

  /** Whether producers have to wait. [messaging 5.2] */
  get isFull(): boolean {
    const { quotaBytes, quotaMessages, tailBufferBytes } = this.settings;
    if (quotaBytes >= 0 && this.#bytes > quotaBytes) return true;
    if (quotaMessages >= 0 && this.#entries.length > quotaMessages) return true;
    return this.storeId === 0 && this.#bytes >= tailBufferBytes;
  }

  /** What a producer that was told to wait waits for. */
  get waitingPlace(): Congestion {
    return this.isFull ? this.congestion : this.#parts.memory.congestion;
  }

  /**
   * Puts a message at the end and hands out what can be handed out. `via` is the address it came through.
   * `false`: the producer must wait, here or for memory.
   */
  enqueue(message: Message, via: Address, retained: boolean): boolean {
    const { clock, committer, memory } = this.#parts;
    const nowMs = clock.nowMs();
    this.usedAtMs = nowMs;
    if (message.expiresAtMs !== 0 && message.expiresAtMs <= nowMs) return true;
    this.#sequence += 1;
    const stored = this.storeId !== 0 && message.persistent;
    const entry = new QueueEntry(this, message, via, this.#sequence, retained, stored);
    if (stored) this.#store(entry, committer);
    this.#entries.append(entry);
    this.enqueued += 1;
    const size = message.sizeBytes;
    this.#bytes += size;
    memory.take(size);
    if (message.expiresAtMs !== 0) this.#noteExpiry(message.expiresAtMs);
    this.#dispatch();
    // whoever keeps it, the queue or a consumer that has not settled it: the read block is overwritten soon
    if (entry.state !== "gone") message.own();
    return !this.isFull && !memory.isExhausted;
  }

  #store(entry: QueueEntry, committer: Committer): void {
    const { message } = entry;
    const messageId = committer.storeMessage(message);
    committer.unit().enqueue(this.storeId, {
      sequence: entry.sequence,
      messageId,
      sizeBytes: message.sizeBytes,
      expiresAtMs: message.expiresAtMs,
      redeliveryCount: 0,
      via: entry.address === this.address ? undefined : entry.address.key,
      retained: entry.retained,
    });
  }

  #noteExpiry(expiresAtMs: number): void {
    if (this.nextExpiryMs === 0) this.#parts.onExpiring(this);
    if (this.nextExpiryMs === 0 || expiresAtMs < this.nextExpiryMs) this.nextExpiryMs = expiresAtMs;
  }

  /** A consumer joins, with credit. */
  join(consumer: Consumer): QueueFeed {
    const feed = new QueueFeed(this, consumer);
    this.#feeds.add(feed);
    this.resume(feed);
    return feed;
  }

  /** A consumer has credit again. */
  resume(feed: QueueFeed): void {
    if (feed.closed) return;
    this.#ring.add(feed);
    this.#dispatch();
  }

  /** A consumer leaves; what it holds comes back and counts as sent. */
  leave(feed: QueueFeed): void {
    if (feed.closed) return;
    feed.closed = true;
    this.#feeds.delete(feed);
    this.#ring.remove(feed);
    this.usedAtMs = this.#parts.clock.nowMs();
    for (let entry = feed.lastHeld; entry !== undefined; entry = feed.lastHeld) this.#giveBack(entry, 1);
    this.#dispatch();
  }

  /** Ends a delivery. Without effect when it has ended. */
  settle(entry: QueueEntry, outcome: Outcome): void {
    if (entry.state !== "acquired") return;
    switch (outcome) {
      case "consumed":
      case "expired":
        this.#remove(entry);
        return;
      case "retry":
      case "poisoned":
        this.#giveBack(entry, 1);
        break;
      case "undelivered":
        this.#giveBack(entry, 0);
        break;
      default:
        outcome satisfies never;
    }
    this.#dispatch();
  }

  #giveBack(entry: QueueEntry, redeliveries: number): void {
    entry.holder?.release(entry);
    entry.redeliveryCount += redeliveries;
    entry.state = "ready";
    this.#entries.giveBack(entry);
  }

  #remove(entry: QueueEntry): void {
    entry.holder?.release(entry);
    entry.state = "gone";
    this.#entries.remove(entry);
    this.dequeued += 1;
    const size = entry.message.sizeBytes;
    this.#bytes -= size;
    if (entry.stored) this.#parts.committer.unit().dequeue(this.storeId, entry.sequence);
    this.#parts.memory.give(size);
    if (this.congestion.isAwaited && !this.isFull) this.congestion.relieve();
  }

  /** Offers ready entries to consumers with credit until one of them runs out. */
  #dispatch(): void {
    if (this.#dispatching) return; // a consumer settled or resumed from within its offer: the loop goes on anyway
    this.#dispatching = true;
    try {
      for (let feed = this.#ring.turn; feed !== undefined; feed = this.#ring.turn) {
        const entry = this.#entries.takeReady();
        if (entry === undefined) return;
        if (this.#isDue(entry)) {
          entry.state = "acquired";
          this.#remove(entry);
          continue;
        }
        this.#ring.advance();
        this.#offer(entry, feed);
      }
    } finally {
      this.#dispatching = false;
    }
  }

  #offer(entry: QueueEntry, feed: QueueFeed): void {
    entry.state = "acquired";
    feed.hold(entry);
    if (feed.consumer.offer(entry)) return;
    this.#ring.remove(feed);
    if (entry.state === "acquired") this.#giveBack(entry, 0);
  }

  #isDue(entry: QueueEntry): boolean {
    const { expiresAtMs } = entry.message;
    return expiresAtMs !== 0 && expiresAtMs <= this.#parts.clock.nowMs();
  }

  /** Drops expired entries that nobody holds. [messaging 5.10] */
  expire(): void {
    this.nextExpiryMs = 0;
    const nowMs = this.#parts.clock.nowMs();
    for (let entry = this.#entries.first; entry !== undefined; ) {
      const next = entry.next;
      const { expiresAtMs } = entry.message;
      if (expiresAtMs !== 0) {
        if (expiresAtMs > nowMs) this.#keepEarliest(expiresAtMs);
        else if (entry.state === "ready") this.#expireReady(entry);
      }
      entry = next;
    }
  }

  #keepEarliest(expiresAtMs: number): void {
    if (this.nextExpiryMs === 0 || expiresAtMs < this.nextExpiryMs) this.nextExpiryMs = expiresAtMs;
  }

  #expireReady(entry: QueueEntry): void {
    this.#entries.skip(entry);
    entry.state = "acquired";
    this.#remove(entry);
  }

  /** Everything in it is discarded, consumers are let go. It is not used any more. */
  delete(): readonly QueueFeed[] {
    this.deleted = true;
    const feeds = [...this.#feeds];
    for (const feed of feeds) {
      feed.closed = true;
      this.#ring.remove(feed);
    }
    this.#feeds.clear();
    for (let entry = this.#entries.first; entry !== undefined; entry = this.#entries.first) {
      entry.holder?.release(entry);
      entry.state = "gone";
      this.#entries.skip(entry);
      this.#entries.remove(entry);
      this.#parts.memory.give(entry.message.sizeBytes);
    }
    this.#bytes = 0;
    if (this.storeId !== 0) this.#parts.committer.unit().removeQueue(this.storeId);
    this.congestion.relieve();
    return feeds;
  }
}
