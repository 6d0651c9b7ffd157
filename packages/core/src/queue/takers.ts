import { type Consumer, SmallSet } from "@tsapollo/domain";
import type { QueueSettings } from "../settings.ts";
import type { Dispatch } from "./dispatch.ts";
import type { QueueEntry } from "./entry.ts";
import type { EntryList } from "./entry-list.ts";
import { FeedRing } from "./feed-ring.ts";
import { PriorityLineup, SequenceLineup } from "./lineup.ts";
import { MessageGroups } from "./message-groups.ts";
import { PositionedDispatch } from "./positioned-dispatch.ts";
import { PriorityOrder } from "./priority-order.ts";
import type { Queue } from "./queue.ts";
import { type FeedOptions, QueueFeed } from "./queue-feed.ts";
import { ReadyOrder } from "./ready-order.ts";
import { SharedDispatch } from "./shared-dispatch.ts";

/**
 * Who takes from a queue, and how it is decided who gets what. Queues that nobody takes from do without: there may be
 * very many of them.
 */
export class Takers {
  readonly feeds: SmallSet<QueueFeed> = new SmallSet();
  readonly #queue: Queue;
  readonly #entries: EntryList;
  readonly #settings: QueueSettings;
  readonly #ring: FeedRing;
  #dispatch: Dispatch;
  /** The same, while every consumer may have every entry. */
  #shared: SharedDispatch | undefined;
  #feedCounter = 0;

  /** Nobody has taken anything of what is in the queue. */
  constructor(queue: Queue, entries: EntryList) {
    this.#queue = queue;
    this.#entries = entries;
    this.#settings = queue.settings;
    this.#ring = new FeedRing(queue.settings.roundRobin);
    const order = queue.settings.priority ? new PriorityOrder() : new ReadyOrder();
    order.begin(entries);
    this.#shared = new SharedDispatch(queue, this.#ring, order);
    this.#dispatch = this.#shared;
  }

  get dispatch(): Dispatch {
    return this.#dispatch;
  }

  /**
   * From now on consumers have places of their own; until the queue is empty and nobody is there.
   * @param isGrouped whether that is because there are messages with groups
   */
  setApart(isGrouped: boolean): void {
    if (this.#shared === undefined) return;
    const { gracefulHandoff, priority } = this.#settings;
    const groups = new MessageGroups(gracefulHandoff);
    groups.isUsed = isGrouped;
    const lineup = new (priority ? PriorityLineup : SequenceLineup)(this.#entries);
    const apart = new PositionedDispatch(this.#queue, lineup, this.#ring, this.feeds, groups);
    this.#shared.retire(apart);
    this.#shared = undefined;
    this.#dispatch = apart;
  }

  /** A consumer joins, with credit. */
  join(consumer: Consumer, options: FeedOptions): QueueFeed {
    this.#feedCounter += 1;
    const feed = new QueueFeed(this.#feedCounter, this.#queue, consumer, options);
    if (feed.isSpecial) this.setApart(false);
    this.feeds.add(feed);
    this.#dispatch.joined(feed);
    return feed;
  }

  /** A consumer has left; what it held is ready again. */
  left(feed: QueueFeed, returned: QueueEntry[]): void {
    this.feeds.delete(feed);
    returned.sort((a, b) => a.sequence - b.sequence);
    this.#dispatch.left(feed, returned);
  }

  /** The queue is deleted: everybody is let go. */
  close(): readonly QueueFeed[] {
    const all = [...this.feeds];
    for (const feed of all) {
      feed.closed = true;
      this.#ring.remove(feed);
    }
    this.feeds.clear();
    return all;
  }
}
