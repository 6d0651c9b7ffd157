import { createHash } from "node:crypto";
import { Address, SmallMap } from "@tsapollo/domain";
import { NEVER_SECONDS } from "./connect-request.ts";
import type { Deadline } from "./deadlines.ts";
import { FilterChunks } from "./filter-chunks.ts";
import type { FilterOptions } from "./filter-request.ts";
import { type Filter, Filters } from "./filters.ts";
import { Inflight } from "./inflight.ts";
import { PacketIds } from "./packet-ids.ts";
import type { PendingWill } from "./pending-will.ts";
import type { Will } from "./will.ts";

/** The connection that a session is attached to. */
export interface SessionOwner {
  /** Another connection came with the same client id: leave the session and close. [MQTT-3.1.4-2] */
  takenOver(): void;
  /** The session is removed by an operator: say so and close. */
  removed(): void;
  /** The broker stops: say so. [MQTT5-3.14] */
  shuttingDown(): void;
}

/** The session that an admitted client asks for. */
export interface SessionRequest {
  readonly clientId: string;
  /** Who asks: the user's name, empty for somebody without one; undefined where nobody is asked for a name. */
  readonly userName: string | undefined;
  readonly clean: boolean;
  /** How long it outlives its connection; {@link NEVER_SECONDS}: it does not expire. */
  readonly expirySeconds: number;
}

/** A shared subscription that a session is a member of. */
export interface SharedFilter extends FilterOptions {
  /** Name of the group, or undefined for `$queue/…`. */
  readonly group: string | undefined;
  /** The topics it collects. */
  readonly address: Address;
  /** The durable subscription that the members consume from. */
  readonly durable: Address;
}

const STAMP_BYTES = 16;

/**
 * What is remembered of one client id: its filters, and where QoS 1 and 2 exchanges stand. A lasting one is backed
 * by a durable subscription, and the next connection finds it. [MQTT-3.1.2.4] [MQTT5-4.1]
 */
export class MqttSession {
  readonly clientId: string;
  /** Whose session it is; see {@link SessionRequest.userName}. Other users do not get it. */
  userName: string | undefined;
  /** Whether it was begun to outlive a connection, and so has a durable subscription. */
  readonly durable: boolean;
  /** How long it outlives its connection, in seconds. */
  expirySeconds: number;
  readonly filters: Filters = new Filters();
  /** Shared subscriptions, by the key of their durable subscription. */
  readonly shared: SmallMap<string, SharedFilter> = new SmallMap();
  #chunks: FilterChunks | undefined;
  /** Packet ids of QoS 2 messages that were taken and not yet released by PUBREL. [MQTT-4.3.3-2] */
  readonly received: PacketIds = new PacketIds();
  /** The connection that has it now. */
  owner: SessionOwner | undefined = undefined;
  /** When its last connection ended; undefined while there is one. */
  leftAtMs: number | undefined = undefined;
  /** The will of its connection; kept so that it survives the broker. */
  will: Will | undefined = undefined;
  /** A will that waits for its delay to pass. */
  pendingWill: PendingWill | undefined = undefined;
  /** When it expires. */
  expiry: Deadline | undefined = undefined;
  #inflight: Inflight | undefined;
  #stamp: Uint8Array | undefined;

  constructor(wanted: SessionRequest) {
    this.clientId = wanted.clientId;
    this.userName = wanted.userName;
    this.expirySeconds = wanted.expirySeconds;
    this.durable = wanted.expirySeconds > 0;
  }

  /** Outgoing messages of QoS 1 and 2. */
  get inflight(): Inflight {
    this.#inflight ??= new Inflight();
    return this.#inflight;
  }

  /** Whether messages of QoS 1 and 2 are, or were, on their way out. */
  get hasInflight(): boolean {
    return this.#inflight !== undefined;
  }

  /** The durable subscription: the client id as one literal part. [messaging 2.7] */
  get durableAddress(): Address {
    return new Address("dsub", [this.clientId]);
  }

  /** Stands in messages of this client that it does not want back. */
  get stamp(): Uint8Array {
    this.#stamp ??= createHash("sha256").update(this.clientId).digest().subarray(0, STAMP_BYTES);
    return this.#stamp;
  }

  /** Whether it expires at some time after its connection. */
  get expires(): boolean {
    return this.expirySeconds !== NEVER_SECONDS;
  }

  /** How many filters it has, shared ones included. */
  get filterCount(): number {
    return this.filters.size + this.shared.size;
  }

  /** In which pieces the filters are saved. */
  get chunks(): FilterChunks {
    this.#chunks ??= new FilterChunks();
    return this.#chunks;
  }

  /** Adds a filter, or changes its options. */
  setFilter(filter: Filter): void {
    const isNew = !this.filters.has(filter.address);
    this.filters.set(filter);
    this.#noteSet(filter.address.key, isNew);
  }

  /** Removes a filter; `false`: it was not there. */
  deleteFilter(address: Address): boolean {
    const known = this.filters.delete(address);
    if (known && this.durable) this.chunks.remove(address.key);
    return known;
  }

  /** Adds a shared subscription, or changes its options. */
  setShared(shared: SharedFilter): void {
    const { key } = shared.durable;
    const isNew = !this.shared.has(key);
    this.shared.set(key, shared);
    this.#noteSet(key, isNew);
  }

  /** Removes a shared subscription; `false`: it was not there. */
  deleteShared(key: string): boolean {
    const known = this.shared.delete(key);
    if (known && this.durable) this.chunks.remove(key);
    return known;
  }

  #noteSet(key: string, isNew: boolean): void {
    if (!this.durable) return;
    if (isNew) this.chunks.add(key, this.filterCount);
    else this.chunks.change(key);
  }

  /** Whether nothing is lost when it is forgotten: no filters, no will, no exchange of QoS 1 or 2 unfinished. */
  get isEmpty(): boolean {
    const { received, pendingWill } = this;
    if (this.filterCount > 0 || pendingWill !== undefined) return false;
    return received.size === 0 && (this.#inflight?.count ?? 0) === 0;
  }

  /** Whether the client does not want to get some of what it publishes. */
  get hasNoLocal(): boolean {
    return this.filters.hasNoLocal;
  }

  /**
   * The connection is about to go; what it left unfinished waits for the next, if the session does.
   * @returns packet ids of messages that are kept from now on
   */
  detach(): readonly number[] {
    if (this.expirySeconds === 0) this.#inflight?.end();
    const kept = this.expirySeconds === 0 ? undefined : this.#inflight?.detach();
    if (this.#inflight?.count === 0) this.#inflight = undefined;
    this.received.shrink();
    return kept ?? [];
  }
}
