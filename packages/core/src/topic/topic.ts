import { type Address, type Message, SmallSet } from "@tsapollo/domain";
import type { HostCounters } from "../host/host-counters.ts";
import type { MemoryBudget } from "../host/memory-budget.ts";
import { isSystem } from "../host/system-topics.ts";
import type { TopicSettings } from "../settings.ts";
import { TopicDelivery } from "./topic-delivery.ts";
import type { TopicTarget } from "./topic-feed.ts";
import type { TopicPatterns } from "./topic-patterns.ts";

const NOBODY: readonly TopicTarget[] = Object.freeze([]);

/** A topic: copies each message to whoever listens, and remembers the retained one. [messaging 6, 9] */
export class Topic {
  readonly address: Address;
  readonly settings: TopicSettings;
  readonly #patterns: TopicPatterns;
  readonly #memory: MemoryBudget;
  readonly #counters: HostCounters;
  readonly #onRetained: ((topic: Topic) => void) | undefined;
  #direct: SmallSet<TopicTarget> | undefined = undefined;
  #targets: readonly TopicTarget[] = NOBODY;
  #targetsGeneration = -1;
  #retained: Message | undefined = undefined;
  #retainedBytes = 0;
  /** Set when the topic is deleted: routes that remember it must ask again. */
  deleted = false;
  /** When it was last published to. */
  usedAtMs: number;
  /** Messages published. */
  published = 0;

  constructor(parts: {
    readonly address: Address;
    readonly settings: TopicSettings;
    readonly patterns: TopicPatterns;
    readonly memory: MemoryBudget;
    readonly counters: HostCounters;
    readonly nowMs: number;
    /** Told when it retains something else. */
    readonly onRetained: ((topic: Topic) => void) | undefined;
  }) {
    this.address = parts.address;
    this.settings = parts.settings;
    this.#patterns = parts.patterns;
    this.#memory = parts.memory;
    this.#counters = parts.counters;
    this.usedAtMs = parts.nowMs;
    this.#onRetained = parts.onRetained;
  }

  /** Who gets the next message: remembered until a pattern, or who listens to this very topic, changes. */
  targets(): readonly TopicTarget[] {
    const { generation } = this.#patterns;
    if (this.#targetsGeneration !== generation) this.#match(generation);
    return this.#targets;
  }

  #match(generation: number): void {
    const found = new Set(this.#direct);
    this.#patterns.tree.match(this.address.path, found);
    const allowed: TopicTarget[] = [];
    for (const target of found) {
      if (target.mayReceive(this.address.id)) allowed.push(target.under(this.settings));
    }
    this.#targets = allowed;
    this.#targetsGeneration = generation;
  }

  /** Whether a persistent message that is sent here must be stored for somebody. */
  stores(message: Message): boolean {
    if (message.retain !== "none" || message.notBeforeMs !== 0) return true;
    return this.targets().some((target) => target.stores);
  }

  /** A message was sent here: counts it, retains it if it asks, and says who gets it. */
  accept(message: Message, nowMs: number): readonly TopicTarget[] {
    this.usedAtMs = nowMs;
    this.published += 1;
    if (message.retain !== "none") this.retain(message);
    return this.targets();
  }

  /** Somebody listens to this very topic. `false`: it did already. */
  join(target: TopicTarget): boolean {
    this.#direct ??= new SmallSet();
    if (this.#direct.has(target)) return false;
    this.#direct.add(target);
    this.#forgetTargets();
    return true;
  }

  /** The inverse of {@link Topic.join}. */
  leave(target: TopicTarget): void {
    if (!this.#direct?.delete(target)) return;
    if (this.#direct.size === 0) this.#direct = undefined;
    this.#forgetTargets();
  }

  #forgetTargets(): void {
    this.#targets = NOBODY;
    this.#targetsGeneration = -1;
  }

  /** Whether somebody listens to this very topic. */
  get hasListeners(): boolean {
    return this.#direct !== undefined;
  }

  /** Whether nobody listens to this very topic and nothing is remembered in it. */
  get isIdle(): boolean {
    return this.#direct === undefined && this.#retained === undefined;
  }

  /** The message that new subscriptions get, with the clock's consent: an expired one is forgotten. */
  retained(nowMs: number): Message | undefined {
    const message = this.#retained;
    if (message === undefined || message.expiresAtMs === 0 || message.expiresAtMs > nowMs) return message;
    this.#forget();
    return undefined;
  }

  /** The message it retains, whatever its age. */
  get retainedNow(): Message | undefined {
    return this.#retained;
  }

  /** Sets or clears the retained message as the message asks. */
  retain(message: Message): void {
    if (message.retain !== "set") return this.#forget();
    this.#drop();
    this.remember(message);
    this.#onRetained?.(this);
  }

  /** Retains a message that the store has already. */
  remember(message: Message): void {
    message.ownAlone();
    // what the broker says of itself holds until it says something else: only copies that wait for somebody expire
    this.#retained = isSystem(this.address) ? message.withoutExpiry() : message;
    this.#retainedBytes = message.sizeBytes;
    this.#memory.take(this.#retainedBytes);
    this.#counters.retainedMessages += 1;
    this.#counters.retainedBytes += this.#retainedBytes;
  }

  #forget(): void {
    if (this.#retained === undefined) return;
    this.#drop();
    this.#onRetained?.(this);
  }

  #drop(): void {
    if (this.#retained === undefined) return;
    this.#counters.retainedMessages -= 1;
    this.#counters.retainedBytes -= this.#retainedBytes;
    this.#memory.give(this.#retainedBytes);
    this.#retained = undefined;
    this.#retainedBytes = 0;
  }

  /** The retained message as a delivery for a new listener. */
  retainedDelivery(nowMs: number): TopicDelivery | undefined {
    const message = this.retained(nowMs);
    return message === undefined ? undefined : new TopicDelivery(message, this.address, true);
  }

  /** Makes it forget everything; it is not used any more. */
  delete(): void {
    this.deleted = true;
    this.#forget();
  }
}
