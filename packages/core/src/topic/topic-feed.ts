import { BrokerError, type Consumer, type Delivery, type MessageFilter, SmallMap } from "@tsapollo/domain";
import { Congestion } from "../congestion.ts";
import { Fifo } from "../fifo.ts";
import type { Queue } from "../queue/queue.ts";
import type { QueueSettings, TopicSettings } from "../settings.ts";
import { BufferedFeed } from "./buffered-feed.ts";

/** Whoever gets a topic's messages: a live consumer, or a durable subscription. */
export interface TopicTarget {
  /** Full, and who waits. */
  readonly congestion: Congestion;
  /** Whether what it takes is stored, if it is persistent. */
  readonly stores: boolean;
  /** Takes a message, always. `false`: the producer must wait. */
  take(delivery: Delivery): boolean;
  /** Whether it may see this topic, by its access rights. */
  mayReceive(topicId: string): boolean;
  /** Who takes the messages of topics with these settings: itself, or a queue in front of it. */
  under(settings: TopicSettings): TopicTarget;
}

/** A topic whose retained message a new listener is owed. */
export interface RetainedSource {
  readonly settings: TopicSettings;
  /** The retained message as it is now; undefined when there is none any more. */
  retainedDelivery(nowMs: number): Delivery | undefined;
}

/** Who may see what is published to a topic. */
export interface TopicRights {
  mayReceiveTopic(topicId: string): boolean;
}

/** What a feed asks of whoever made it. */
export interface TopicFeedOwner {
  nowMs(): number;
  /** Makes a queue for topics whose slow consumers read from one. */
  makeBuffer(settings: QueueSettings): Queue;
  /** So many more retained messages, or with a negative number fewer, are owed. */
  owes(count: number): void;
}

/** What a feed is made of. */
export interface TopicFeedParts {
  readonly owner: TopicFeedOwner;
  readonly rights: TopicRights;
  readonly consumer: Consumer;
  /** Leaves out what it does not match. */
  readonly filter: MessageFilter | undefined;
  readonly limitBytes: number;
}

/**
 * One consumer's side of all the topics it listens to. What the consumer has no credit for waits here, in
 * order; past the limit the topics' producers wait too. [messaging 6, slow_consumer_policy block]
 */
export class TopicFeed implements TopicTarget {
  readonly stores = false;
  readonly congestion: Congestion = new Congestion();
  readonly #owner: TopicFeedOwner;
  readonly #rights: TopicRights;
  readonly #consumer: Consumer;
  readonly #filter: MessageFilter | undefined;
  readonly #limitBytes: number;
  readonly #waiting: Fifo<Delivery> = new Fifo();
  /** Topics whose retained message is still to come, each once, however often it was asked for. */
  #owed: Set<RetainedSource> | undefined = undefined;
  readonly #buffers: SmallMap<QueueSettings, BufferedFeed> = new SmallMap();
  #waitingBytes = 0;
  #hasCredit = true;
  #offering = false;
  #closed = false;
  /** Deliveries the consumer took; shows whether it makes progress. */
  taken = 0;
  /** Set by the watch over slow consumers: `taken` when it last looked, and since when it has not changed. */
  watchedTaken = -1;
  watchedSinceMs = 0;

  constructor(parts: TopicFeedParts) {
    this.#owner = parts.owner;
    this.#rights = parts.rights;
    this.#consumer = parts.consumer;
    this.#filter = parts.filter;
    this.#limitBytes = parts.limitBytes;
  }

  mayReceive(topicId: string): boolean {
    return this.#rights.mayReceiveTopic(topicId);
  }

  under(settings: TopicSettings): TopicTarget {
    if (settings.slowConsumerPolicy === "block") return this;
    let buffer = this.#buffers.get(settings.subscription);
    if (buffer === undefined) {
      const queue = this.#owner.makeBuffer(settings.subscription);
      buffer = new BufferedFeed(queue, this.#consumer, this.#filter, this.#rights);
      this.#buffers.set(settings.subscription, buffer);
    }
    return buffer;
  }

  take(delivery: Delivery): boolean {
    if (this.#filter !== undefined && !this.#filter.matches(delivery.message)) return true;
    if (this.#closed) return true;
    const mayPass = this.#hasCredit && this.#waiting.length === 0 && this.#owed === undefined;
    if (mayPass && this.#consumer.offer(delivery)) {
      this.taken += 1;
      return true;
    }
    if (this.#closed) return true; // it left while the message was given to others
    this.#hasCredit = false;
    delivery.message.own();
    this.#waiting.push(delivery);
    this.#waitingBytes += delivery.message.sizeBytes;
    return this.#waitingBytes < this.#limitBytes;
  }

  /** A new listener gets a topic's retained message, if there is one, as soon as it has credit. */
  owe(source: RetainedSource): void {
    if (this.#closed || this.#owed?.has(source)) return;
    if (source.retainedDelivery(this.#owner.nowMs()) === undefined) return;
    this.#owed ??= new Set();
    this.#owed.add(source);
    this.#owner.owes(1);
    if (this.#hasCredit) this.resume();
  }

  /** @returns whether nothing is owed any more */
  #payOwed(): boolean {
    const owed = this.#owed;
    if (owed === undefined) return true;
    for (const source of owed) {
      if (!this.#pay(source)) return false;
      if (owed.delete(source)) this.#owner.owes(-1);
    }
    this.#owed = undefined;
    return true;
  }

  #pay(source: RetainedSource): boolean {
    const delivery = source.retainedDelivery(this.#owner.nowMs());
    if (delivery === undefined || this.#filter?.matches(delivery.message) === false) return true;
    const target = this.under(source.settings);
    if (target !== this) {
      target.take(delivery);
      return true;
    }
    this.#hasCredit = this.#consumer.offer(delivery);
    if (this.#hasCredit) this.taken += 1;
    return this.#hasCredit;
  }

  /** The consumer has credit again: what waits goes first. */
  resume(): void {
    if (this.#closed) return;
    this.#hasCredit = true;
    if (this.#offering) return; // the loop below is on the stack and goes on
    this.#offering = true;
    try {
      if (!this.#payOwed()) return;
      for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
        if (!this.#hasCredit) break;
        // taken out first: the consumer may end the subscription while it takes the message
        this.#waiting.shift();
        if (!this.#consumer.offer(next)) {
          this.#hasCredit = false;
          if (this.#closed) break;
          this.#waiting.unshift(next);
          break;
        }
        this.taken += 1;
        if (this.#closed) break;
        this.#waitingBytes -= next.message.sizeBytes;
      }
    } finally {
      this.#offering = false;
    }
    for (const buffer of this.#buffers.values()) buffer.resume();
    if (this.congestion.isAwaited && this.#waitingBytes * 2 <= this.#limitBytes) this.congestion.relieve();
  }

  /** Forgets what waits; nobody waits for it any more. */
  close(): void {
    this.#closed = true;
    this.#hasCredit = false;
    if (this.#owed !== undefined) {
      this.#owner.owes(-this.#owed.size);
      this.#owed.clear();
    }
    this.#waiting.clear();
    this.#waitingBytes = 0;
    for (const buffer of this.#buffers.values()) buffer.close();
    this.#buffers.clear();
    this.congestion.relieve();
  }

  /** Cuts the consumer off because producers waited for it too long. */
  cutOff(timeoutMs: number): void {
    this.close();
    this.#consumer.ended(
      new BrokerError("SLOW_CONSUMER", `The consumer took no message for ${timeoutMs / 1000} seconds`),
    );
  }
}
