import {
  Address,
  type DestinationKind,
  type DurableLimit,
  type Principal,
  parseId,
  type QueueState,
} from "@tsapollo/domain";
import type { Contents } from "../queue/contents.ts";
import type { DurableSubscription } from "../queue/durable-subscription.ts";
import { PagedRun } from "../queue/paged-run.ts";
import { Paging } from "../queue/paging.ts";
import type { Queue } from "../queue/queue.ts";
import { QueueStore, type StorageParts } from "../queue/queue-store.ts";
import type { Bearer } from "./guard.ts";

/** Addresses that are remembered by their text; past it all are forgotten. */
const ADDRESSES_MAX = 10_000;

/** Joins queues to the store of their host, and says there what durable subscriptions collect. [messaging 10.1] */
export class QueueStorages {
  readonly #parts: StorageParts;
  readonly #addresses: Map<string, Address> = new Map();
  readonly #changed: Set<DurableSubscription> = new Set();
  #lastStoreId = 0;

  constructor(parts: Omit<StorageParts, "addressOf">) {
    const { committer, store, clock, logger } = parts;
    this.#parts = { committer, store, clock, logger, addressOf: (key) => this.#addressOf(key) };
    committer.beforeCommit(() => this.#describeAll());
  }

  /** How a new queue, or one that the store has, is joined to the store. */
  forQueue(address: Address, stored: QueueState | undefined): (queue: Queue, contents: Contents) => Paging {
    return (queue, contents) => {
      const storeId = stored?.queue.queueId ?? this.#newStoreId();
      if (stored === undefined && address.kind === "queue") {
        this.#parts.committer.unit().putQueue({ queueId: storeId, key: address.key, description: "{}" });
      }
      return new Paging(this.#parts, contents, new QueueStore(this.#parts, queue, contents, storeId));
    };
  }

  #newStoreId(): number {
    this.#lastStoreId = Math.max(this.#lastStoreId, this.#parts.store.lastQueueId) + 1;
    return this.#lastStoreId;
  }

  /** A durable subscription collects something else now: written once, with the next unit of work. */
  describe(durable: DurableSubscription): void {
    if (durable.queue.storeId === 0) return;
    this.#parts.committer.unit();
    this.#changed.add(durable);
  }

  #describeAll(): void {
    if (this.#changed.size === 0) return;
    const unit = this.#parts.committer.unit();
    for (const durable of this.#changed) {
      const { queue } = durable;
      if (queue.deleted) continue;
      const description = descriptionOf(durable);
      unit.putQueue({ queueId: queue.storeId, key: queue.address.key, description });
    }
    this.#changed.clear();
  }

  #addressOf(key: string): Address {
    let address = this.#addresses.get(key);
    if (address === undefined) {
      address = addressOfKey(key);
      if (this.#addresses.size >= ADDRESSES_MAX) this.#addresses.clear();
      this.#addresses.set(key, address);
    }
    return address;
  }
}

/** What is stored of a durable subscription besides its messages. */
export interface DurableDescription {
  /** Ids of the topics and patterns it collects from. */
  readonly topics: readonly string[];
  readonly selector?: string;
  readonly limit?: DurableLimit;
  /** Who bound it last, or `broker` for the configuration; missing when nobody was asked who it is. */
  readonly boundBy?: StoredBearer | "broker";
}

/** Whoever bound a durable subscription: its rights count also after a restart. */
export interface StoredBearer {
  readonly user?: string;
  readonly principals: readonly Principal[];
  readonly connector: string;
}

/** What the store is told of a durable subscription. */
export function descriptionOf({ topics, filter, limit, rights }: DurableSubscription): string {
  const boundBy = rights === undefined ? "broker" : storedBearerOf(rights.bearer);
  const description: DurableDescription = {
    topics: [...topics.values()].map(({ id }) => id),
    ...(filter === undefined ? {} : { selector: filter.text }),
    ...(limit === undefined ? {} : { limit }),
    ...(boundBy === undefined ? {} : { boundBy }),
  };
  return JSON.stringify(description);
}

function storedBearerOf(bearer: Bearer | undefined): StoredBearer | undefined {
  if (bearer === undefined) return undefined;
  const { identity, connectorId } = bearer;
  const principals = identity.principals.map(({ kind, name }) => ({ kind, name }));
  const user = identity.userName === undefined ? {} : { user: identity.userName };
  return { ...user, principals, connector: connectorId };
}

/** The inverse of what {@link descriptionOf} says of whoever bound it. */
export function bearerOf({ user, principals, connector }: StoredBearer): Bearer {
  return { identity: { principals, userName: user }, connectorId: connector };
}

/** The inverse of `Address.key`. */
export function addressOfKey(key: string): Address {
  const colon = key.indexOf(":");
  return new Address(key.slice(0, colon) as DestinationKind, parseId(key.slice(colon + 1)));
}

/** Everything the store has of a queue, as one run. */
export function runOf({ lastSequence, entryCount, bytes, earliestExpiryMs }: QueueState): PagedRun {
  return new PagedRun({ sequence: 1, lastSequence, count: entryCount, bytes, earliestExpiryMs });
}
