import type { QueueEntry } from "./entry.ts";
import type { QueueFeed } from "./queue-feed.ts";

/** Places of one consumer on the ring. */
const POINTS = 10;

interface Point {
  readonly hash: number;
  readonly feed: QueueFeed;
}

/** Who is affected when a consumer leaves. */
interface Departure {
  readonly freed: Iterable<QueueFeed>;
  readonly suspended: Iterable<QueueFeed>;
}

/**
 * Which consumer gets which message group: consistent hashing, so that only the groups near a consumer that comes
 * or goes move. With graceful handoff a newcomer and those it takes groups from wait until the latter hold
 * nothing, so that two consumers never work on one group at a time. [messaging 5.5]
 */
export class MessageGroups {
  /** Whether a message with a group was ever seen. */
  isUsed = false;
  readonly #graceful: boolean;
  #points: Point[] = [];
  /** Who waits, and for whom. */
  readonly #waiting: Map<QueueFeed, Set<QueueFeed>> = new Map();

  constructor(graceful: boolean) {
    this.#graceful = graceful;
  }

  /**
   * A consumer joins.
   * @returns who must be suspended, itself included
   */
  join(feed: QueueFeed, handOff: boolean): readonly QueueFeed[] {
    const before = this.#points;
    const added = Array.from({ length: POINTS }, (_, at) => ({ hash: hashOf(`${feed.id}:${at}`), feed }));
    this.#points = [...before, ...added].sort((a, b) => a.hash - b.hash);
    if (!handOff || !this.#graceful || !this.isUsed) return [];
    const busy = new Set<QueueFeed>();
    for (const { hash } of added) {
      for (const owner of ownersAt(before, hash)) {
        if (owner.heldCount > 0) busy.add(owner);
        for (const one of this.#waiting.get(owner) ?? []) busy.add(one);
      }
    }
    if (busy.size === 0) return [];
    this.#wait(feed, busy);
    for (const owner of busy) this.#wait(owner, [owner]);
    return [feed, ...busy];
  }

  #wait(feed: QueueFeed, owners: Iterable<QueueFeed>): void {
    const known = this.#waiting.get(feed) ?? new Set();
    for (const owner of owners) known.add(owner);
    this.#waiting.set(feed, known);
  }

  /**
   * A consumer leaves. Who inherits from it waits for those whom it waited for.
   * @returns who need not wait any more, and who must be suspended
   */
  leave(feed: QueueFeed): Departure {
    const left = this.#points.filter((point) => point.feed === feed);
    this.#points = this.#points.filter((point) => point.feed !== feed);
    const busy = this.#waiting.get(feed);
    this.#waiting.delete(feed);
    busy?.delete(feed);
    const suspended = new Set<QueueFeed>();
    if (busy !== undefined && busy.size > 0) {
      for (const { hash } of left) for (const heir of ownersAt(this.#points, hash)) suspended.add(heir);
      for (const heir of suspended) this.#wait(heir, busy);
    }
    return { freed: this.emptied(feed), suspended };
  }

  /**
   * A consumer holds nothing any more.
   * @returns who need not wait any more
   */
  emptied(feed: QueueFeed): readonly QueueFeed[] {
    if (this.#waiting.size === 0) return [];
    const freed: QueueFeed[] = [];
    for (const [waiter, owners] of this.#waiting) {
      if (!owners.delete(feed) || owners.size > 0) continue;
      this.#waiting.delete(waiter);
      freed.push(waiter);
    }
    return freed;
  }

  /** The first consumer clockwise from the group's place that wants the entry. */
  owner(groupKey: string, entry: QueueEntry): QueueFeed | undefined {
    const points = this.#points;
    if (points.length === 0) return undefined;
    const start = firstFrom(points, hashOf(groupKey));
    for (let step = 0; step < points.length; step += 1) {
      const { feed } = points[(start + step) % points.length]!;
      if (feed.wants(entry)) return feed;
    }
    return undefined;
  }
}

/** Who owns the groups near a place: the first one clockwise, and further ones for what it does not want. */
function ownersAt(points: readonly Point[], hash: number): Set<QueueFeed> {
  const owners = new Set<QueueFeed>();
  const start = firstFrom(points, hash);
  for (let step = 0; step < points.length; step += 1) {
    const { feed } = points[(start + step) % points.length]!;
    owners.add(feed);
    if (feed.wantsAll) break;
  }
  return owners;
}

/** Index of the first point at or after a hash, round the circle. */
function firstFrom(points: readonly Point[], hash: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.hash < hash) low = middle + 1;
    else high = middle;
  }
  return low === points.length ? 0 : low;
}

/** FNV-1a with a finaliser that spreads similar texts; 32 bits, unsigned. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
