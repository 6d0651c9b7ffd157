import { Address, BrokerError, parseId } from "@tsapollo/domain";
import type { WillRequest } from "./connect-request.ts";
import type { FilterOptions } from "./filter-request.ts";
import { MqttSession, type SharedFilter } from "./session.ts";
import { sharedAddress } from "./shared-groups.ts";
import { Will, type WillBearer } from "./will.ts";
import type { Qos } from "./wire.ts";

/** Before the client id in the key of a session's saved value. */
export const SESSION_PREFIX = "mqtt:";
/** Before the client id in the key of its unfinished QoS 2 exchanges, which change much more often. */
export const EXCHANGE_PREFIX = "mqtt-qos2:";

const VERSION = 1;

type SavedAddress = readonly [kind: "queue" | "topic", id: string];
type SavedOptions = readonly [qos: Qos, flags: number, identifier: number];

interface SavedWill {
  readonly address: SavedAddress;
  readonly level: number;
  readonly topic: string;
  readonly payload: string;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly delay: number;
  readonly expiry: number;
  readonly properties: string;
  readonly by?: SavedBearer;
}

interface SavedBearer {
  readonly user?: string;
  readonly principals: readonly (readonly [kind: string, name: string])[];
  readonly connector: string;
}

/** Before the number and the client id in the key of filters beyond the first ones; see `FilterChunks`. */
export const FILTER_PREFIX = "mqtt-filters:";

interface SavedFilters {
  readonly v: number;
  readonly filters: readonly (readonly [SavedAddress, SavedOptions])[];
  readonly shared: readonly (readonly [group: string | null, SavedAddress, SavedOptions])[];
}

interface SavedSession extends SavedFilters {
  readonly user?: string;
  readonly expiry: number;
  readonly leftAtMs?: number;
  readonly will?: SavedWill;
}

/** A session as it is saved, with its first filters: JSON with a version. */
export function encodeSession(session: MqttSession): Uint8Array {
  const will = session.will ?? session.pendingWill?.will;
  const saved: SavedSession = {
    expiry: session.expirySeconds,
    ...(session.userName === undefined ? {} : { user: session.userName }),
    ...(session.leftAtMs === undefined ? {} : { leftAtMs: session.leftAtMs }),
    ...(will === undefined ? {} : { will: savedWill(will) }),
    ...savedFilters(session, firstKeys(session)),
  };
  return Buffer.from(JSON.stringify(saved), "utf8");
}

/** The keys of the filters that are saved with the session itself. */
function firstKeys({ filters, shared, filterCount, chunks }: MqttSession): string[] {
  const keys: string[] = [];
  const count = filterCount - chunks.size;
  for (const key of shared.keys()) if (chunks.numberOf(key) === 0) keys.push(key);
  for (const { address } of filters.all()) {
    if (keys.length === count) break;
    if (chunks.numberOf(address.key) === 0) keys.push(address.key);
  }
  return keys;
}

function savedFilters({ filters, shared }: MqttSession, keys: Iterable<string>): SavedFilters {
  const plain: [SavedAddress, SavedOptions][] = [];
  const ofGroups: [string | null, SavedAddress, SavedOptions][] = [];
  for (const key of keys) {
    const one = filters.get(key);
    if (one !== undefined) plain.push([savedAddress(one.address), savedOptions(one)]);
    const other = shared.get(key);
    if (other !== undefined) {
      ofGroups.push([other.group ?? null, savedAddress(other.address), savedOptions(other)]);
    }
  }
  return { v: VERSION, filters: plain, shared: ofGroups };
}

/** A chunk of filters from number 1 up; undefined when it is empty. */
export function encodeChunk(session: MqttSession, number: number): Uint8Array | undefined {
  const saved = savedFilters(session, session.chunks.membersOf(number));
  if (saved.filters.length + saved.shared.length === 0) return undefined;
  return Buffer.from(JSON.stringify(saved), "utf8");
}

/**
 * Adds a saved chunk of filters to a session.
 * @throws BrokerError STORE_FAILED when it is of another version
 */
export function decodeChunk(session: MqttSession, number: number, bytes: Uint8Array): void {
  const saved = JSON.parse(Buffer.from(bytes).toString("utf8")) as SavedFilters;
  checkVersion(session.clientId, saved);
  for (const key of addFilters(session, saved)) session.chunks.restore(key, number);
}

/**
 * A saved session, without connection.
 * @throws BrokerError STORE_FAILED when it is of another version
 */
export function decodeSession(clientId: string, bytes: Uint8Array): MqttSession {
  const saved = JSON.parse(Buffer.from(bytes).toString("utf8")) as SavedSession;
  checkVersion(clientId, saved);
  const { user: userName, expiry: expirySeconds } = saved;
  const session = new MqttSession({ clientId, userName, clean: false, expirySeconds });
  session.leftAtMs = saved.leftAtMs;
  addFilters(session, saved);
  if (saved.will !== undefined) session.will = readWill(saved.will);
  return session;
}

function checkVersion(clientId: string, { v }: SavedFilters): void {
  if (v === VERSION) return;
  const text = `The stored MQTT session '${clientId}' has version ${v}; this broker reads ${VERSION}.`;
  throw new BrokerError("STORE_FAILED", text);
}

/** @returns their keys */
function addFilters(session: MqttSession, saved: SavedFilters): string[] {
  const keys: string[] = [];
  for (const [saidAddress, options] of saved.filters) {
    const address = readAddress(saidAddress);
    session.filters.set({ address, ...readOptions(options) });
    keys.push(address.key);
  }
  for (const [group, saidAddress, options] of saved.shared) {
    const address = readAddress(saidAddress);
    const shared: SharedFilter = {
      group: group ?? undefined,
      address,
      durable: sharedAddress(group ?? undefined, address),
      ...readOptions(options),
    };
    session.shared.set(shared.durable.key, shared);
    keys.push(shared.durable.key);
  }
  return keys;
}

/** QoS 2 ids received and sent, two bytes each, the number of received ones in front. */
export function encodeExchanges(session: MqttSession): Uint8Array | undefined {
  const received = session.received.all();
  const released = [...session.inflight.released()];
  if (received.length + released.length === 0) return undefined;
  const bytes = Buffer.alloc(3 + 2 * (received.length + released.length));
  bytes.writeUInt8(VERSION, 0);
  bytes.writeUInt16BE(received.length, 1);
  let at = 3;
  for (const id of received) at = bytes.writeUInt16BE(id, at);
  for (const id of released) at = bytes.writeUInt16BE(id, at);
  return bytes;
}

/** The inverse of {@link encodeExchanges}. */
export function decodeExchanges(session: MqttSession, saved: Uint8Array): void {
  const bytes = Buffer.from(saved);
  if (bytes.length < 3 || bytes[0] !== VERSION) return;
  const received = bytes.readUInt16BE(1);
  for (let at = 3, index = 0; at + 2 <= bytes.length; at += 2, index += 1) {
    const id = bytes.readUInt16BE(at);
    if (index < received) session.received.add(id);
    else session.inflight.restoreReleased(id);
  }
}

function savedAddress({ kind, id }: Address): SavedAddress {
  return [kind === "queue" ? "queue" : "topic", id];
}

function readAddress([kind, id]: SavedAddress): Address {
  return new Address(kind, parseId(id));
}

function savedOptions({ qos, noLocal, retainAsPublished, identifier }: FilterOptions): SavedOptions {
  return [qos, Number(noLocal) | (Number(retainAsPublished) << 1), identifier];
}

function readOptions([qos, flags, identifier]: SavedOptions): FilterOptions {
  const noLocal = (flags & 1) !== 0;
  return { qos, noLocal, retainAsPublished: (flags & 2) !== 0, retainHandling: 0, identifier };
}

function savedWill({ request, address, level, bearer }: Will): SavedWill {
  const { topic, payload, qos, retain, delaySeconds, expirySeconds, properties } = request;
  return {
    address: savedAddress(address),
    level,
    topic,
    payload: Buffer.from(payload).toString("base64"),
    qos,
    retain,
    delay: delaySeconds,
    expiry: expirySeconds,
    properties: Buffer.from(properties).toString("base64"),
    ...(bearer && { by: savedBearer(bearer) }),
  };
}

function readWill(saved: SavedWill): Will {
  const { topic, qos, retain, delay: delaySeconds, expiry: expirySeconds } = saved;
  const payload = Buffer.from(saved.payload, "base64");
  const properties = Buffer.from(saved.properties, "base64");
  const request: WillRequest = { topic, payload, qos, retain, delaySeconds, expirySeconds, properties };
  const will = new Will(request, readAddress(saved.address), saved.level);
  if (saved.by !== undefined) will.bearer = readBearer(saved.by);
  return will;
}

function savedBearer({ identity, connectorId: connector }: WillBearer): SavedBearer {
  const { userName, principals } = identity;
  return {
    ...(userName === undefined ? {} : { user: userName }),
    principals: principals.map(({ kind, name }) => [kind, name]),
    connector,
  };
}

function readBearer({ user: userName, principals, connector: connectorId }: SavedBearer): WillBearer {
  return {
    identity: { userName, principals: principals.map(([kind, name]) => ({ kind, name })) },
    connectorId,
  };
}
