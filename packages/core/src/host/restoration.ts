import {
  Address,
  BrokerError,
  type CodecLookup,
  type Logger,
  type MessageFilter,
  type MessageStore,
  parseId,
  type QueueState,
  readMessageRecord,
} from "@tsapollo/domain";
import type { CollectingRights } from "../queue/durable-subscription.ts";
import type { HostSettings } from "../settings.ts";
import type { Bearer } from "./guard.ts";
import { addressOfKey, bearerOf, type DurableDescription, type StoredBearer } from "./queue-storages.ts";
import { RETAINED_PREFIX } from "./retained-messages.ts";
import type { Router } from "./router.ts";
import { SCHEDULED_PREFIX, type Scheduler } from "./scheduler.ts";
import type { States } from "./states.ts";

/** What is needed to go on where an earlier process stopped. */
export interface RestorationParts {
  readonly store: MessageStore;
  readonly settings: HostSettings;
  readonly router: Router;
  readonly scheduler: Scheduler;
  readonly states: States;
  readonly codecs: CodecLookup;
  /** Makes a filter of its text again. */
  readonly makeFilter: (text: string) => MessageFilter;
  /** What somebody may see, by the rules as they are at the time; undefined: nobody knows who that is. */
  readonly rightsOf: (bearer: Bearer | undefined) => CollectingRights;
  readonly logger: Logger;
}

/** The rights of those who bound durable subscriptions: who bound thousands has them once. */
type KnownRights = Map<string, CollectingRights>;

/**
 * Makes the queues, durable subscriptions, retained and scheduled messages and states that the store has. Messages in
 * queues stay where they are until somebody needs them, so that it takes no longer however many they are.
 * [messaging 10.4]
 * @throws BrokerError STORE_FAILED
 */
export async function restore(parts: RestorationParts): Promise<void> {
  const { store, states } = parts;
  const known: KnownRights = new Map();
  for (const state of await store.queues()) restoreQueue(state, parts, known);
  for (const [key, value] of await store.states()) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (key.startsWith(RETAINED_PREFIX)) restoreRetained(key, bytes, parts);
    else if (key.startsWith(SCHEDULED_PREFIX)) restoreScheduled(key, bytes, parts);
    else states.restore(key, value);
  }
}

function restoreQueue(state: QueueState, parts: RestorationParts, known: KnownRights): void {
  const { router, makeFilter, logger } = parts;
  const { key, description } = state.queue;
  const address = addressOfKey(key);
  if (address.kind === "queue") {
    router.createQueue(address, state);
    return;
  }
  const { topics, selector, limit, boundBy } = JSON.parse(description) as DurableDescription;
  const durable = router.createDurable(address, state, limit);
  if (boundBy !== "broker") durable.rights = rightsOf(boundBy, parts, known);
  if (selector !== undefined) {
    try {
      durable.filter = makeFilter(selector);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      const fields = { dsub: address.id, selector, reason: error.message };
      logger.error(fields, "a durable subscription's selector cannot be read any more and is dropped");
    }
  }
  for (const id of topics) router.restoreBinding(durable, new Address("topic", parseId(id)));
}

function rightsOf(
  boundBy: StoredBearer | undefined,
  parts: RestorationParts,
  known: KnownRights,
): CollectingRights {
  const key = boundBy === undefined ? "" : JSON.stringify(boundBy);
  let rights = known.get(key);
  if (rights === undefined) {
    rights = parts.rightsOf(boundBy === undefined ? undefined : bearerOf(boundBy));
    known.set(key, rights);
  }
  return rights;
}

function restoreRetained(key: string, bytes: Buffer, { router, codecs, logger }: RestorationParts): void {
  const address = new Address("topic", parseId(key.slice(RETAINED_PREFIX.length)));
  const message = readOrLog(bytes, 0, codecs, logger, key);
  if (message !== undefined) router.restoreRetained(address, message);
}

function restoreScheduled(key: string, bytes: Buffer, { scheduler, codecs, logger }: RestorationParts): void {
  const addressLength = bytes.readUInt16BE(0);
  const address = addressOfKey(bytes.toString("utf8", 2, 2 + addressLength));
  const message = readOrLog(bytes, 2 + addressLength, codecs, logger, key);
  if (message !== undefined) scheduler.restore(key, address, message);
}

/** One that cannot be read stays in the store: another version of the broker may know it. */
function readOrLog(
  bytes: Buffer,
  start: number,
  codecs: CodecLookup,
  logger: Logger,
  key: string,
): ReturnType<typeof readMessageRecord> | undefined {
  try {
    return readMessageRecord(bytes, start, bytes.length, codecs);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    logger.error({ key, reason: error.message }, "a stored message is left in the store");
    return undefined;
  }
}
