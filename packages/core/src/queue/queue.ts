import type { Address, Consumer, Message, Outcome } from "@tsapollo/domain";
import { Congestion } from "../congestion.ts";
import type { QueueSettings } from "../settings.ts";
import { type BrowserOptions, Browsers } from "./browsers.ts";
import { Contents, type ContentsOwner } from "./contents.ts";
import { bequeath, isPoison } from "./dead-letters.ts";
import type { Hands } from "./dispatch.ts";
import { QueueEntry } from "./entry.ts";
import { Pace } from "./pace.ts";
import type { PagedRun, PageIn } from "./paged-run.ts";
import { moveOn } from "./position.ts";
import { ANY_FEED, type FeedOptions, QueueFeed, type QueueLink } from "./queue-feed.ts";
import type { QueueParts, QueueServices } from "./queue-parts.ts";
import { Takers } from "./takers.ts";

/**
 * Hands each message to one of its consumers, in order. What is not acknowledged comes back to its old place and
 * goes out first. Who gets what is {@link Dispatch}'s business, who only looks is {@link Browsers}'. [messaging 5]
 */
export class Queue implements Hands, ContentsOwner {
  readonly address: Address;
  readonly settings: QueueSettings;
  readonly #services: QueueServices;
  readonly #contents: Contents;
  #congestion: Congestion | undefined = undefined;
  /** Undefined as long as nobody takes anything. */
  #takers: Takers | undefined = undefined;
  /** Whether there are, or were, messages with groups. */
  #isGrouped = false;
  /** Undefined until a consumer takes something, where producers are not limited anyway. */
  #pace: Pace | undefined = undefined;
  #browsers: Browsers | undefined = undefined;
  #sequence = 0;
  /** Set when the queue is deleted: routes that remember it must ask again. */
  deleted = false;
  usedAtMs: number;

  constructor(parts: QueueParts) {
    this.#services = parts.services;
    this.address = parts.address;
    this.settings = parts.settings;
    this.usedAtMs = parts.services.clock.nowMs();
    this.#contents = new Contents(parts.settings, parts.services, this);
    this.#contents.storage = parts.storage?.(this, this.#contents);
    if (parts.settings.maxEnqueueBytesPerS >= 0) this.#pace = new Pace(this, parts.services.clock);
  }

  /** Goes on where an earlier process stopped: nothing is in memory yet. Called once, before anything else. */
  restore(sequence: number, run: PagedRun): void {
    this.#sequence = sequence;
    if (run.count === 0) return;
    this.#contents.restore(run);
    if (this.#contents.pages) return;
    this.#serve().dispatch.hold(); // everything must be in memory before the first goes out
    this.want(run);
  }

  get contents(): Readonly<Pick<Contents, "enqueued" | "dequeued" | "retainedCount">> {
    return this.#contents;
  }

  /** Its id in the store; 0 when it is not stored. */
  get storeId(): number {
    return this.#contents.storage?.store.storeId ?? 0;
  }

  get length(): number {
    return this.#contents.length;
  }

  get bytes(): number {
    return this.#contents.bytes;
  }

  get aheadBytes(): number {
    return this.#takerCount > 0 ? (this.#pace?.aheadBytes ?? 0) : 0;
  }

  get #takerCount(): number {
    return this.#takers?.feeds.size ?? 0;
  }

  get consumerCount(): number {
    return this.#takerCount + (this.#browsers?.size ?? 0);
  }

  /** Whether there is no room. [messaging 5.2] */
  get isFull(): boolean {
    return this.#contents.isFull;
  }

  /** Whether the next message from a producer has to wait. */
  get mustWait(): boolean {
    return (this.isFull && this.settings.fullPolicy === "block") || this.#pace?.isUsedUp === true;
  }

  get congestion(): Congestion {
    this.#congestion ??= new Congestion();
    return this.#congestion;
  }

  /** What a producer that was told to wait waits for. */
  get waitingPlace(): Congestion {
    return this.mustWait ? this.congestion : this.#services.memory.congestion;
  }

  /**
   * Puts a message at the end and hands out what can be handed out. `via` is the address it came through, the
   * count says how often it was sent before, from another queue.
   * `false`: the producer must wait, here or for memory.
   */
  enqueue(message: Message, via: Address, retained: boolean, redeliveryCount = 0): boolean {
    const { clock, memory } = this.#services;
    if (this.deleted) return true; // whoever sends found it before it was deleted, in this very turn
    const nowMs = clock.nowMs();
    this.usedAtMs = nowMs;
    if (message.expiresAtMs !== 0 && message.expiresAtMs <= nowMs) return true;
    if (this.settings.fullPolicy !== "block" && this.isFull && !this.#contents.makesRoom()) return true;
    this.#sequence += 1;
    const entry = new QueueEntry(this, message, via, this.#sequence, retained);
    entry.redeliveryCount = redeliveryCount;
    this.#contents.append(entry);
    this.#pace?.enqueued(message.sizeBytes, nowMs, this.#contents.hasPaged);
    if (message.groupKey !== undefined) this.#group();
    this.#takers?.dispatch.appended(entry);
    this.#browsers?.appended(entry);
    this.#takers?.dispatch.run();
    // whoever keeps it, the queue or a consumer that has not settled it: the read block is overwritten soon
    if (entry.state !== "gone") message.own();
    return !this.mustWait && !memory.isExhausted;
  }

  /** Earliest time at which maintenance has something to expire, 0 for never. */
  get nextExpiryMs(): number {
    return this.#contents.nextExpiryMs;
  }

  /** Messages of a group are for one consumer: which, depends on who is there. */
  #group(): void {
    this.#isGrouped = true;
    this.#takers?.setApart(true);
  }

  #serve(): Takers {
    if (this.#takers === undefined) {
      this.#takers = new Takers(this, this.#contents.entries);
      if (this.#isGrouped) this.#takers.setApart(true);
    }
    return this.#takers;
  }

  /** A consumer joins, with credit. `fromSequence` -1 stands for what comes from now on. */
  join(consumer: Consumer, options: FeedOptions = ANY_FEED): QueueFeed {
    const fromSequence = options.fromSequence === -1 ? this.#sequence + 1 : options.fromSequence;
    return this.#serve().join(consumer, { ...options, fromSequence });
  }

  /** Somebody looks without taking. */
  browse(consumer: Consumer, options: BrowserOptions): QueueLink {
    const fromSequence = options.fromSequence === -1 ? this.#sequence + 1 : options.fromSequence;
    this.#browsers ??= new Browsers(this.#contents.entries, this.#services.clock, this);
    return this.#browsers.begin(this, consumer, { ...options, fromSequence });
  }

  /** A consumer has credit again. */
  resume(feed: QueueFeed): void {
    if (!feed.closed) this.#takers?.dispatch.credited(feed);
  }

  /** A consumer leaves; what it holds comes back and counts as sent. */
  leave(feed: QueueFeed): void {
    if (feed.closed) return;
    feed.closed = true;
    this.usedAtMs = this.#services.clock.nowMs();
    const returned: QueueEntry[] = [];
    for (let entry = feed.lastHeld; entry !== undefined; entry = feed.lastHeld) {
      this.#letGo(entry, 1);
      entry.attempt += 1;
      returned.push(entry);
    }
    this.#takers?.left(feed, returned);
    if (this.#takerCount > 0 || this.length > 0) return;
    this.#takers = undefined;
    this.#isGrouped = false;
  }

  #letGo(entry: QueueEntry, redeliveries: number): void {
    entry.holder?.release(entry);
    entry.state = "ready";
    if (redeliveries > 0) {
      entry.redeliveryCount += redeliveries;
      this.#contents.storage?.store.redelivered(entry);
    }
    const { expiresAtMs } = entry.message;
    // its time came while somebody held it: maintenance has passed it by
    if (expiresAtMs !== 0 && expiresAtMs <= this.#services.clock.nowMs()) this.#contents.noteExpiry(entry);
  }

  /** Ends a delivery, once. */
  settle(entry: QueueEntry, outcome: Outcome): void {
    if (entry.state !== "acquired") return;
    const { holder } = entry;
    switch (outcome) {
      case "consumed":
        this.remove(entry);
        break;
      case "expired":
        this.#expire(entry);
        break;
      case "poisoned":
        if (isPoison(entry, this.settings)) this.#bury(entry, 1);
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
    if (holder !== undefined && holder.heldCount === 0) this.#takers?.dispatch.emptied(holder);
  }

  #giveBack(entry: QueueEntry, redeliveries: number): void {
    this.#letGo(entry, redeliveries);
    entry.attempt += 1;
    this.#takers?.dispatch.returned(entry);
  }

  /**
   * Removes a message that nobody can use; the same unit of work puts it into the dead letter queue, if there is one.
   * [messaging 5.9]
   */
  #bury(entry: QueueEntry, redeliveries: number): void {
    const { message } = entry;
    message.own();
    this.remove(entry);
    this.#bequeath(message, entry.redeliveryCount + redeliveries);
  }

  #bequeath(message: Message, redeliveryCount: number): void {
    const { committer, deadLetterQueue } = this.#services;
    committer.binding += 1; // out here and in there, or neither
    try {
      bequeath(message, redeliveryCount, this, deadLetterQueue);
    } finally {
      committer.binding -= 1;
    }
  }

  #expire(entry: QueueEntry): void {
    if (this.settings.dlqExpired) this.#bury(entry, 0);
    else this.remove(entry);
  }

  /** Takes an entry out for good. */
  remove(entry: QueueEntry): void {
    this.#takeOut(entry);
    this.#contents.left(entry);
    this.relieve();
  }

  #takeOut(entry: QueueEntry): void {
    const wasReady = entry.state === "ready";
    entry.holder?.release(entry);
    entry.state = "gone";
    this.#takers?.dispatch.removing(entry, wasReady);
    if (entry.watchers !== undefined) {
      moveOn(entry, (one) => {
        if (one instanceof QueueFeed) this.#takers?.dispatch.fellOff(one);
      });
    }
    this.#contents.entries.remove(entry);
  }

  relieve(): void {
    if (this.#congestion?.isAwaited && !this.mustWait) this.#congestion.relieve();
  }

  handOver(entry: QueueEntry, feed: QueueFeed): boolean {
    const { expiresAtMs } = entry.message;
    entry.state = "acquired"; // before anything else: it is in no list of ready entries any more
    if (expiresAtMs !== 0 && expiresAtMs <= this.#services.clock.nowMs()) {
      this.#expire(entry);
      return true;
    }
    feed.hold(entry);
    this.#pace ??= new Pace(this, this.#services.clock);
    this.#pace.delivered(entry.sizeBytes);
    this.#contents.loadAhead(entry);
    return feed.consumer.offer(entry.delivery);
  }

  takeBack(entry: QueueEntry, feed: QueueFeed): boolean {
    const isHeld = entry.state === "acquired" && entry.holder === feed;
    if (isHeld) this.#letGo(entry, 0);
    if (feed.heldCount === 0) this.#takers?.dispatch.emptied(feed);
    return isHeld;
  }

  /** Drops expired entries that nobody holds. [messaging 5.10] */
  expireDue(): void {
    // consumers and producers that are called on the way may change the queue
    for (const entry of this.#contents.takeDue()) if (entry.state === "ready") this.#expire(entry);
  }

  awaitsPage(feed: QueueFeed): boolean {
    return this.#takers?.dispatch.awaitsPage(feed) ?? false;
  }

  /** Calls back after the next page. */
  afterPage(done: () => void): void {
    this.#contents.storage!.afterPage(done);
  }

  want(run: PagedRun): void {
    this.#contents.storage!.want(run);
  }

  from(run: PagedRun, sequence: number): PagedRun {
    return this.#contents.storage!.from(run, sequence);
  }

  get hasPaged(): boolean {
    return this.#contents.hasPaged;
  }

  expiring(): void {
    this.#services.onExpiring(this);
  }

  needs(entry: QueueEntry): boolean {
    return this.#takers?.dispatch.needs(entry) ?? false;
  }

  loading(entry: QueueEntry): void {
    if (entry.message.groupKey !== undefined) this.#group();
  }

  pagedIn(page: PageIn): void {
    this.#takers?.dispatch.pagedIn(page);
    this.#contents.dropLate();
    this.#browsers?.pagedIn(page.moved);
    if (this.#contents.pages) this.#takers?.dispatch.run();
    else if (this.hasPaged) this.want(page.run);
    else this.#takers?.dispatch.release();
  }

  expiredInStore(message: Message, redeliveryCount: number): void {
    if (this.settings.dlqExpired) this.#bequeath(message, redeliveryCount);
  }

  /** An entry could not be stored; it leaves as if it had never been sent. */
  withdraw(entry: QueueEntry): void {
    this.#takeOut(entry);
    this.#contents.withdrawn(entry);
    this.relieve();
  }

  /** Everything in it is discarded, consumers are let go. It is not used any more. */
  delete(): readonly Consumer[] {
    this.deleted = true;
    const links = [...(this.#takers?.close() ?? []), ...(this.#browsers?.close() ?? [])];
    const { entries, storage } = this.#contents;
    for (let place = entries.first; place !== undefined; place = entries.first) {
      if (place.state === "paged") {
        entries.remove(place);
        continue;
      }
      this.#takeOut(place);
      this.#contents.leftMemory(place);
    }
    this.#contents.clear();
    this.#pace?.stop();
    if (storage !== undefined) this.#services.committer.unit().removeQueue(storage.store.storeId);
    this.#congestion?.relieve();
    return links.map(({ consumer }) => consumer);
  }
}
