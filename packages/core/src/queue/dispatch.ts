import type { QueueEntry } from "./entry.ts";
import type { PagedRun, PageIn } from "./paged-run.ts";
import type { QueueFeed } from "./queue-feed.ts";

/** What a way of dispatching may ask of its queue. */
export interface Hands {
  /**
   * Gives a ready entry to a consumer. `false`: it has no credit, and {@link Hands.takeBack} comes next. An entry
   * that turns out to be expired is dropped, which counts as given.
   */
  handOver(entry: QueueEntry, feed: QueueFeed): boolean;
  /**
   * A refused entry is ready again. `false`: the consumer settled it or left before it refused, so that it has
   * found its way already.
   */
  takeBack(entry: QueueEntry, feed: QueueFeed): boolean;
  /** A consumer needs the first entries of a run; {@link Dispatch.pagedIn} follows. */
  want(run: PagedRun): void;
  /** The part of a run from a sequence on: what is before it need not be loaded. */
  from(run: PagedRun, sequence: number): PagedRun;
  /** Whether parts of the queue are only in the store. */
  readonly hasPaged: boolean;
}

/**
 * Decides which consumer gets which entry. A queue uses {@link SharedDispatch} while every consumer may have every
 * entry, and {@link PositionedDispatch} while selectors, exclusive consumers or message groups set them apart.
 */
export interface Dispatch {
  /** A consumer joined; it has credit. */
  joined(feed: QueueFeed): void;
  /** A consumer left; what it held is ready again, in ascending order. */
  left(feed: QueueFeed, returned: readonly QueueEntry[]): void;
  /** A consumer has credit again. */
  credited(feed: QueueFeed): void;
  /** An entry was added at the end; {@link Dispatch.run} follows. */
  appended(entry: QueueEntry): void;
  /** Hands out what can be handed out. Within an offer it does nothing: the loop that runs goes on anyway. */
  run(): void;
  /** An entry is ready again. */
  returned(entry: QueueEntry): void;
  /** An entry is about to leave the list of entries. `wasReady`: nobody held it. */
  removing(entry: QueueEntry, wasReady: boolean): void;
  /** The entry that a consumer stood at left, and there is none after it. */
  fellOff(feed: QueueFeed): void;
  /** A consumer holds nothing any more. */
  emptied(feed: QueueFeed): void;
  /** Entries came back into memory. {@link Dispatch.run} follows. */
  pagedIn(page: PageIn): void;
  /** Whether a consumer with credit waits for entries that only the store has. */
  awaitsPage(feed: QueueFeed): boolean;
  /** Whether a ready entry must stay in memory. */
  needs(entry: QueueEntry): boolean;
  /** Offers nothing until {@link Dispatch.release}. */
  hold(): void;
  /** Goes on after {@link Dispatch.hold}; nothing when it was not held. */
  release(): void;
}
