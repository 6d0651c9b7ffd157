import type { Address, Clock, Consumer, Message, Outcome } from "@tsapollo/domain";
import { Congestion } from "../congestion.ts";
import type { Committer } from "../host/committer.ts";
import type { MemoryBudget } from "../host/memory-budget.ts";
import type { QueueSettings } from "../settings.ts";
import { type BrowserOptions, Browsers } from "./browsers.ts";
import type { Dispatch, Hands } from "./dispatch.ts";
import { EnqueueRate } from "./enqueue-rate.ts";
import { QueueEntry } from "./entry.ts";
import { EntryList } from "./entry-list.ts";
import { ExpiryOrder } from "./expiry-order.ts";
import { FeedRing } from "./feed-ring.ts";
import { moveOn } from "./position.ts";
import { PositionedDispatch } from "./positioned-dispatch.ts";
import { PriorityOrder } from "./priority-order.ts";
import { type FeedOptions, QueueFeed, type QueueLink } from "./queue-feed.ts";
import { type HandOutOrder, ReadyOrder } from "./ready-order.ts";
import { SharedDispatch } from "./shared-dispatch.ts";

/** What a queue is made of. */
export interface QueueParts {
  readonly address: Address;
  readonly settings: QueueSettings;
  /** Its id in the store; 0 when it is not stored. */
  readonly storeId: number;
  readonly clock: Clock;
  readonly committer: Committer;
  readonly memory: MemoryBudget;
  /** Told when an entry with an expiry comes in and there was none. */
  readonly onExpiring: (queue: Queue) => void;
  /** The queue for another one's dead messages, made if need be. */
  readonly deadLetterQueue: (queue: Queue, dlq: string) => Queue;
}

const ANY_FEED: FeedOptions = { filter: undefined, exclusive: false, fromSequence: 0 };

/**
 * Hands each message to one of its consumers, in order. What is not acknowledged comes back to its old place and
 * goes out first. Who gets what is {@link Dispatch}'s business, who only looks is {@link Browsers}'. [messaging 5]
 */
export class Queue implements Hands {
  readonly address: Address;
  readonly settings: QueueSettings;
  readonly storeId: number;
  readonly congestion: Congestion = new Congestion();
  readonly #parts: QueueParts;
  readonly #entries: EntryList = new EntryList();
  readonly #expiry: ExpiryOrder = new ExpiryOrder();
  readonly #feeds: Set<QueueFeed> = new Set();
  readonly #ring: FeedRing;
  readonly #browsers: Browsers;
  readonly #rate: EnqueueRate | undefined;
  #dispatch: Dispatch;
  /** The same, while every consumer may have every entry. */
  #shared: SharedDispatch | undefined;
  #specialFeeds = 0;
  #sequence = 0;
  #feedCounter = 0;
  #bytes = 0;
  /** Set when the queue is deleted: routes that remember it must ask again. */
  deleted = false;
  usedAtMs: number;
  /** Copies of retained messages among its entries. */
  retainedCount = 0;
  /** Messages put in and taken out since it exists. */
  enqueued = 0;
  dequeued = 0;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.address = parts.address;
    this.settings = parts.settings;
    this.storeId = parts.storeId;
    this.usedAtMs = parts.clock.nowMs();
    this.#ring = new FeedRing(parts.settings.roundRobin);
    this.#browsers = new Browsers(this.#entries);
    this.#shared = new SharedDispatch(this, this.#ring, this.#newOrder());
    this.#dispatch = this.#shared;
    const { maxEnqueueBytesPerS } = parts.settings;
    if (maxEnqueueBytesPerS < 0) this.#rate = undefined;
    else this.#rate = new EnqueueRate(maxEnqueueBytesPerS, parts.clock, () => this.#relieve());
  }

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get consumerCount(): number {
    return this.#feeds.size + this.#browsers.size;
  }

  /** Whether there is no room. [messaging 5.2] */
  get isFull(): boolean {
    const { quotaBytes, quotaMessages, tailBufferBytes } = this.settings;
    if (quotaBytes >= 0 && this.#bytes > quotaBytes) return true;
    if (quotaMessages >= 0 && this.#entries.length > quotaMessages) return true;
    return this.storeId === 0 && this.#bytes >= tailBufferBytes;
  }

  /** Whether the next message from a producer has to wait. */
  get mustWait(): boolean {
    return (this.isFull && this.settings.fullPolicy === "block") || (this.#rate?.isUsedUp ?? false);
  }

  /** What a producer that was told to wait waits for. */
  get waitingPlace(): Congestion {
    return this.mustWait ? this.congestion : this.#parts.memory.congestion;
  }

  /**
   * Puts a message at the end and hands out what can be handed out. `via` is the address it came through, the
   * count says how often it was sent before, from another queue.
   * `false`: the producer must wait, here or for memory.
   */
  enqueue(message: Message, via: Address, retained: boolean, redeliveryCount = 0): boolean {
    const { clock, memory } = this.#parts;
    if (this.deleted) return true; // whoever sends found it before it was deleted, in this very turn
    const nowMs = clock.nowMs();
    this.usedAtMs = nowMs;
    if (message.expiresAtMs !== 0 && message.expiresAtMs <= nowMs) return true;
    if (this.settings.fullPolicy !== "block" && this.isFull && !this.#makeRoom()) return true;
    this.#sequence += 1;
    const stored = this.storeId !== 0 && message.persistent;
    const entry = new QueueEntry(this, message, via, this.#sequence, retained, stored);
    entry.redeliveryCount = redeliveryCount;
    if (stored) this.#store(entry);
    const size = message.sizeBytes;
    this.#entries.append(entry);
    this.enqueued += 1;
    if (retained) this.retainedCount += 1;
    this.#bytes += size;
    memory.take(size);
    this.#rate?.use(size);
    if (message.expiresAtMs !== 0) this.#noteExpiry(entry);
    if (this.#shared !== undefined && message.groupKey !== undefined) this.#setApart();
    this.#dispatch.appended(entry);
    if (this.#browsers.size > 0) this.#browsers.appended(entry);
    this.#dispatch.run();
    // whoever keeps it, the queue or a consumer that has not settled it: the read block is overwritten soon
    if (entry.state !== "gone") message.own();
    return !this.mustWait && !memory.isExhausted;
  }

  /** @returns whether the new message may come in [messaging 5.2] */
  #makeRoom(): boolean {
    if (this.settings.fullPolicy === "drop tail") return false;
    for (let entry = this.#entries.first; entry !== undefined && this.isFull; ) {
      const next: QueueEntry | undefined = entry.next;
      if (entry.state === "ready") this.#remove(entry);
      // a producer that was relieved may have made room itself
      entry = next?.state === "gone" ? this.#entries.first : next;
    }
    return true;
  }

  #store(entry: QueueEntry): void {
    const { message } = entry;
    const { committer } = this.#parts;
    entry.messageId = committer.storeMessage(message);
    committer.unit().enqueue(this.storeId, entry.messageId, {
      sequence: entry.sequence,
      sizeBytes: message.sizeBytes,
      expiresAtMs: message.expiresAtMs,
      redeliveryCount: entry.redeliveryCount,
      via: entry.address === this.address ? undefined : entry.address.key,
      retained: entry.retained,
      transient: false,
    });
  }

  #noteExpiry(entry: QueueEntry): void {
    if (this.#expiry.nextMs === 0) this.#parts.onExpiring(this);
    this.#expiry.add(entry, this.#entries.length);
  }

  /** Earliest time at which maintenance has something to expire, 0 for never. */
  get nextExpiryMs(): number {
    return this.#expiry.nextMs;
  }

  /** From now on consumers have places of their own; until the queue is empty and nothing sets them apart. */
  #setApart(): void {
    const { gracefulHandoff } = this.settings;
    const apart = new PositionedDispatch(this, this.#entries, this.#ring, this.#feeds, gracefulHandoff);
    this.#shared?.retire(apart);
    this.#shared = undefined;
    this.#dispatch = apart;
  }

  #newOrder(): HandOutOrder {
    return this.settings.priority ? new PriorityOrder() : new ReadyOrder();
  }

  #shareAgain(): void {
    if (this.#shared !== undefined || this.#specialFeeds > 0) return;
    if (this.#entries.length > 0 || this.#feeds.size > 0) return;
    this.#shared = new SharedDispatch(this, this.#ring, this.#newOrder());
    this.#dispatch = this.#shared;
  }

  /** A consumer joins, with credit. `fromSequence` -1 stands for what comes from now on. */
  join(consumer: Consumer, options: FeedOptions = ANY_FEED): QueueFeed {
    this.#feedCounter += 1;
    const fromSequence = options.fromSequence === -1 ? this.#sequence + 1 : options.fromSequence;
    const feed = new QueueFeed(this.#feedCounter, this, consumer, { ...options, fromSequence });
    if (feed.isSpecial) {
      this.#specialFeeds += 1;
      if (this.#shared !== undefined) this.#setApart();
    }
    this.#feeds.add(feed);
    this.#dispatch.joined(feed);
    return feed;
  }

  /** Somebody looks without taking. */
  browse(consumer: Consumer, options: BrowserOptions): QueueLink {
    const fromSequence = options.fromSequence === -1 ? this.#sequence + 1 : options.fromSequence;
    return this.#browsers.begin(this, consumer, { ...options, fromSequence });
  }

  /** A consumer has credit again. */
  resume(feed: QueueFeed): void {
    if (!feed.closed) this.#dispatch.credited(feed);
  }

  /** A consumer leaves; what it holds comes back and counts as sent. */
  leave(feed: QueueFeed): void {
    if (feed.closed) return;
    feed.closed = true;
    this.#feeds.delete(feed);
    if (feed.isSpecial) this.#specialFeeds -= 1;
    this.usedAtMs = this.#parts.clock.nowMs();
    const returned: QueueEntry[] = [];
    for (let entry = feed.lastHeld; entry !== undefined; entry = feed.lastHeld) {
      this.#letGo(entry, 1);
      returned.push(entry);
    }
    returned.sort((a, b) => a.sequence - b.sequence);
    this.#dispatch.left(feed, returned);
    this.#shareAgain();
  }

  #letGo(entry: QueueEntry, redeliveries: number): void {
    entry.holder?.release(entry);
    entry.redeliveryCount += redeliveries;
    entry.state = "ready";
    const { expiresAtMs } = entry.message;
    // its time came while somebody held it: maintenance has passed it by
    if (expiresAtMs !== 0 && expiresAtMs <= this.#parts.clock.nowMs()) this.#noteExpiry(entry);
  }

  /** Ends a delivery. Without effect when it has ended. */
  settle(entry: QueueEntry, outcome: Outcome): void {
    if (entry.state !== "acquired") return;
    const { holder } = entry;
    switch (outcome) {
      case "consumed":
        this.#remove(entry);
        break;
      case "expired":
        this.#expire(entry);
        break;
      case "poisoned":
        if (this.#isDead(entry)) this.#bury(entry, 1);
        else this.#giveBack(entry, 1);
        break;
      case "retry":
        this.#giveBack(entry, 1);
        break;
      case "undelivered":
        this.#giveBack(entry, 0);
        break;
      default:
        outcome satisfies never;
    }
    if (holder !== undefined && holder.heldCount === 0) this.#dispatch.emptied(holder);
  }

  #giveBack(entry: QueueEntry, redeliveries: number): void {
    this.#letGo(entry, redeliveries);
    this.#dispatch.returned(entry);
  }

  #isDead({ redeliveryCount }: QueueEntry): boolean {
    const { nakLimit } = this.settings;
    return nakLimit > 0 && redeliveryCount + 1 >= nakLimit;
  }

  /**
   * Removes a message that nobody can use; the same unit of work puts it into the dead letter queue, if there is one.
   * [messaging 5.9]
   */
  #bury(entry: QueueEntry, redeliveries: number): void {
    const { message } = entry;
    message.own();
    this.#remove(entry);
    const { dlq } = this.settings;
    if (dlq === undefined) return;
    const target = this.#parts.deadLetterQueue(this, dlq);
    const dead = message.expiresAtMs === 0 ? message : message.withoutExpiry();
    target.enqueue(dead, target.address, false, entry.redeliveryCount + redeliveries);
  }

  #expire(entry: QueueEntry): void {
    if (this.settings.dlqExpired) this.#bury(entry, 0);
    else this.#remove(entry);
  }

  #remove(entry: QueueEntry): void {
    const wasReady = entry.state === "ready";
    entry.holder?.release(entry);
    entry.state = "gone";
    this.#unlink(entry, wasReady);
    this.dequeued += 1;
    if (entry.retained) this.retainedCount -= 1;
    const size = entry.message.sizeBytes;
    this.#bytes -= size;
    if (entry.stored) this.#parts.committer.unit().dequeue(this.storeId, entry);
    this.#parts.memory.give(size);
    this.#relieve();
  }

  #relieve(): void {
    if (this.congestion.isAwaited && !this.mustWait) this.congestion.relieve();
  }

  #unlink(entry: QueueEntry, wasReady: boolean): void {
    this.#dispatch.removing(entry, wasReady);
    if (entry.watchers !== undefined) {
      moveOn(entry, (one) => {
        if (one instanceof QueueFeed) this.#dispatch.fellOff(one);
      });
    }
    this.#entries.remove(entry);
  }

  handOver(entry: QueueEntry, feed: QueueFeed): boolean {
    const { expiresAtMs } = entry.message;
    entry.state = "acquired"; // before anything else: it is in no list of ready entries any more
    if (expiresAtMs !== 0 && expiresAtMs <= this.#parts.clock.nowMs()) {
      this.#expire(entry);
      return true;
    }
    feed.hold(entry);
    return feed.consumer.offer(entry);
  }

  takeBack(entry: QueueEntry, feed: QueueFeed): boolean {
    const isHeld = entry.state === "acquired" && entry.holder === feed;
    if (isHeld) this.#letGo(entry, 0);
    if (feed.heldCount === 0) this.#dispatch.emptied(feed);
    return isHeld;
  }

  /** Drops expired entries that nobody holds. [messaging 5.10] */
  expireDue(): void {
    const due = this.#expiry.takeDue(this.#parts.clock.nowMs());
    // consumers and producers that are called on the way may change the queue
    for (const entry of due) if (entry.state === "ready") this.#expire(entry);
  }

  /** Everything in it is discarded, consumers are let go. It is not used any more. */
  delete(): readonly Consumer[] {
    this.deleted = true;
    const consumers = [...this.#feeds, ...this.#browsers.close()].map(({ consumer }) => consumer);
    for (const feed of this.#feeds) {
      feed.closed = true;
      this.#ring.remove(feed);
    }
    this.#feeds.clear();
    for (let entry = this.#entries.first; entry !== undefined; entry = this.#entries.first) {
      const wasReady = entry.state === "ready";
      entry.holder?.release(entry);
      entry.state = "gone";
      this.#unlink(entry, wasReady);
      this.#parts.memory.give(entry.message.sizeBytes);
    }
    this.#bytes = 0;
    this.#expiry.clear();
    this.#rate?.stop();
    if (this.storeId !== 0) this.#parts.committer.unit().removeQueue(this.storeId);
    this.congestion.relieve();
    return consumers;
  }
}
