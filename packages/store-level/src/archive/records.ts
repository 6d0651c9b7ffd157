import { type LoadedEntry, parseId, pathId, type QueueState } from "@tsapollo/domain";
import { storeFailed } from "../failures.ts";
import { ProtoReader, ProtoWriter } from "./protobuf.ts";

/*
 * Apollo's records [instance 19]. Fields from 100 up are ours: what its records have no place for.
 */

/** `.msg`: a message. */
export interface MessageRecord {
  readonly messageKey: number;
  readonly codec: string;
  readonly value: Buffer;
  readonly expiresAtMs: number;
  /** What our message record says before the content; undefined in an archive of Apollo's. */
  readonly head: Buffer | undefined;
}

/** Writes a message. */
export function writeMessage(
  record: Omit<MessageRecord, "head" | "value"> & { value: Uint8Array; head: Buffer },
): Buffer {
  const { messageKey, codec, value, expiresAtMs, head } = record;
  const writer = new ProtoWriter().int(1, messageKey).bytes(2, codec).int(3, value.length).bytes(4, value);
  return writer.sint(5, expiresAtMs).bytes(100, head).framed();
}

/** Reads a message. `compression` says nothing: Apollo writes values as they are. */
export function readMessage(bytes: Buffer): MessageRecord {
  const reader = new ProtoReader(bytes);
  const value = reader.bytes(4) ?? reader.bytes(10) ?? Buffer.alloc(0);
  const codec = reader.text(2) ?? "";
  return { messageKey: reader.int(1), codec, value, expiresAtMs: reader.sint(5), head: reader.bytes(100) };
}

/** `.qen`: an entry of a queue. */
export interface EntryRecord {
  readonly queueKey: number;
  readonly sequence: number;
  readonly messageKey: number;
  readonly sizeBytes: number;
  readonly redeliveryCount: number;
  readonly expiresAtMs: number;
  readonly via: string | undefined;
  readonly retained: boolean;
}

/** Writes an entry. */
export function writeEntry(queueKey: number, messageKey: number, entry: LoadedEntry): Buffer {
  const { sequence, sizeBytes, redeliveryCount, expiresAtMs, via, retained } = entry;
  const writer = new ProtoWriter().int(1, queueKey).int(2, sequence).int(3, messageKey).int(4, sizeBytes);
  writer.int(6, redeliveryCount).sint(7, expiresAtMs);
  if (via !== undefined) writer.bytes(100, via);
  if (retained) writer.int(101, 1);
  return writer.framed();
}

/** Reads an entry. */
export function readEntry(bytes: Buffer): EntryRecord {
  const reader = new ProtoReader(bytes);
  return {
    queueKey: reader.int(1),
    sequence: reader.int(2),
    messageKey: reader.int(3),
    sizeBytes: reader.int(4),
    redeliveryCount: reader.int(6),
    expiresAtMs: reader.sint(7),
    via: reader.text(100),
    retained: reader.int(101) === 1,
  };
}

/** `.que`: a queue or durable subscription. */
export interface QueueRecord {
  readonly queueKey: number;
  /** Canonical address; undefined for what does not survive, such as queues of topics. */
  readonly key: string | undefined;
  readonly description: string;
  readonly lastSequence: number;
}

interface ApolloBinding {
  readonly name?: unknown;
  readonly path?: unknown;
  readonly selector?: unknown;
  readonly topics?: unknown;
}

/** Writes a queue. */
export function writeQueue({ queue, lastSequence }: QueueState): Buffer {
  const { queueId, key, description } = queue;
  const name = key.slice(key.indexOf(":") + 1);
  const writer = new ProtoWriter().int(1, queueId);
  if (key.startsWith("queue:")) {
    writer.bytes(2, "ptp").bytes(3, JSON.stringify({ "@class": "queue_destination", name, path: [] }));
  } else {
    const { topics = [], selector } = JSON.parse(description) as { topics?: string[]; selector?: string };
    const binding = {
      "@class": "dsub_destination",
      name,
      path: [],
      ...(selector === undefined ? {} : { selector }),
      topics: topics.map((topic) => ({ "@class": "topic_destination", name: topic, path: [] })),
    };
    writer.bytes(2, "ds").bytes(3, JSON.stringify(binding));
  }
  return writer.bytes(100, key).bytes(101, description).int(102, lastSequence).framed();
}

/**
 * Reads a queue.
 * @throws BrokerError STORE_FAILED when its binding cannot be read
 */
export function readQueue(bytes: Buffer): QueueRecord {
  const reader = new ProtoReader(bytes);
  const queueKey = reader.int(1);
  const key = reader.text(100);
  const description = reader.text(101);
  if (key !== undefined && description !== undefined) {
    return { queueKey, key, description, lastSequence: reader.int(102) };
  }
  const kind = reader.text(2);
  if (kind !== "ptp" && kind !== "ds")
    return { queueKey, key: undefined, description: "{}", lastSequence: 0 };
  let binding: ApolloBinding;
  try {
    binding = JSON.parse(reader.text(3) ?? "") as ApolloBinding;
  } catch {
    throw storeFailed(`The archive is damaged: what queue ${queueKey} is bound to cannot be read`);
  }
  if (kind === "ptp")
    return { queueKey, key: `queue:${destinationId(binding)}`, description: "{}", lastSequence: 0 };
  const topics = Array.isArray(binding.topics) ? (binding.topics as ApolloBinding[]).map(destinationId) : [];
  const selector = typeof binding.selector === "string" ? { selector: binding.selector } : {};
  return {
    queueKey,
    key: `dsub:${subscriptionId(binding)}`,
    description: JSON.stringify({ topics, ...selector }),
    lastSequence: 0,
  };
}

/** Newer archives have the canonical id as the name, older ones its parts. */
function destinationId({ name, path }: ApolloBinding): string {
  if (typeof name === "string" && name !== "") return pathId(parseId(name));
  return pathId(levels(path));
}

/** Older archives have the id of a durable subscription as the first part. */
function subscriptionId({ name, path }: ApolloBinding): string {
  return pathId(parseId(typeof name === "string" && name !== "" ? name : (levels(path)[0] ?? "")));
}

function levels(path: unknown): string[] {
  return Array.isArray(path) ? path.map(String) : [];
}

/** `.map`: a named value. */
export interface MapRecord {
  readonly key: string;
  readonly value: Buffer;
}

/** Before the names of our values, so that they are not taken for Apollo's. */
export const STATE_PREFIX = "tsapollo:";

/** Writes a named value of ours. */
export function writeMap(key: string, value: Uint8Array): Buffer {
  return new ProtoWriter()
    .bytes(1, STATE_PREFIX + key)
    .bytes(2, value)
    .framed();
}

/** Reads a named value. */
export function readMap(bytes: Buffer): MapRecord {
  const reader = new ProtoReader(bytes);
  return { key: reader.text(1) ?? "", value: reader.bytes(2) ?? Buffer.alloc(0) };
}
