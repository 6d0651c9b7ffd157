import {
  type AdmitAbsent,
  BrokerError,
  type Clock,
  type Logger,
  type ProtocolServices,
  type VirtualHost,
} from "@tsapollo/domain";
import { MqttCounters } from "./counters.ts";
import { Deadlines } from "./deadlines.ts";
import { decodeKept, encodeKept } from "./kept-messages.ts";
import { PendingWill } from "./pending-will.ts";
import { MqttSession, type SessionOwner, type SessionRequest } from "./session.ts";
import {
  decodeChunk,
  decodeExchanges,
  decodeSession,
  EXCHANGE_PREFIX,
  encodeChunk,
  encodeExchanges,
  encodeSession,
  FILTER_PREFIX,
  SESSION_PREFIX,
} from "./session-state.ts";
import { SharedGroups } from "./shared-groups.ts";
import type { Will } from "./will.ts";

/** Before the packet id and the client id in the key of a message that only this client may get. */
const KEPT_PREFIX = "mqtt-kept:";

/** What a CONNECT got. */
export interface AcquiredSession {
  readonly session: MqttSession;
  /** Whether it is one of an earlier connection. [MQTT-3.2.2-2] [MQTT5-3.2.2-3] */
  readonly present: boolean;
}

/** Why a CONNECT got no session: there are too many, or its client id is another user's. */
export type SessionRefusal = "full" | "foreign";

/** Told when something that was saved is durable, or with the reason why it is not. */
export type Saved = (error?: BrokerError) => void;

/** The sessions of one virtual host: who has them, when they expire, what is saved of them. */
export class HostSessions {
  readonly groups: SharedGroups;
  readonly counters: MqttCounters = new MqttCounters();
  readonly #host: VirtualHost;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #admitAbsent: AdmitAbsent;
  readonly #sessionsMax: number;
  readonly #deadlines: Deadlines;
  readonly #byClientId = new Map<string, MqttSession>();
  /** Those without a connection that stand for nothing; the one that was left first comes first. */
  readonly #idle = new Set<MqttSession>();

  /** @param host the broker's own view of the virtual host */
  constructor(
    host: VirtualHost,
    { clock, logger }: ProtocolServices,
    admitAbsent: AdmitAbsent,
    sessionsMax: number,
  ) {
    this.#admitAbsent = admitAbsent;
    this.#host = host;
    this.#clock = clock;
    this.#log = logger;
    this.#sessionsMax = sessionsMax;
    this.#deadlines = new Deadlines(clock);
    this.groups = new SharedGroups(() => host, logger);
  }

  get count(): number {
    return this.#byClientId.size;
  }

  /** How many expiries and delayed wills wait for their time, those that were called off and not swept out included. */
  get waiting(): number {
    return this.#deadlines.size;
  }

  all(): IterableIterator<MqttSession> {
    return this.#byClientId.values();
  }

  get(clientId: string): MqttSession | undefined {
    return this.#byClientId.get(clientId);
  }

  /** Values of sessions that have a number each, by client id: the number and the key. */
  #numbered(prefix: string): Map<string, [number: number, key: string][]> {
    const found = new Map<string, [number, string][]>();
    for (const key of this.#host.states.keys(prefix)) {
      const [, number, clientId = ""] = /^(\d+):(.*)$/s.exec(key.slice(prefix.length)) ?? [];
      const known = found.get(clientId);
      if (known === undefined) found.set(clientId, [[Number(number), key]]);
      else known.push([Number(number), key]);
    }
    return found;
  }

  /** Takes up what an earlier process saved. What expired meanwhile goes, wills that are due are published. */
  restore(): void {
    const { states } = this.#host;
    const chunks = this.#numbered(FILTER_PREFIX);
    const kept = this.#numbered(KEPT_PREFIX);
    for (const key of states.keys(SESSION_PREFIX)) {
      const clientId = key.slice(SESSION_PREFIX.length);
      const [itsChunks = [], itsKept = []] = [chunks.get(clientId), kept.get(clientId)];
      chunks.delete(clientId);
      kept.delete(clientId);
      try {
        const session = decodeSession(clientId, states.get(key)!);
        for (const [number, one] of itsChunks) decodeChunk(session, number, states.get(one)!);
        const exchanges = states.get(EXCHANGE_PREFIX + session.clientId);
        if (exchanges !== undefined) decodeExchanges(session, exchanges);
        for (const [id, one] of itsKept) this.#restoreKept(session, id, one);
        this.#takeUp(session);
      } catch (error) {
        this.#log.error({ error, key }, "a stored MQTT session cannot be read and is left alone");
      }
    }
    for (const orphans of [chunks, kept]) {
      for (const all of orphans.values()) for (const [, key] of all) states.save(key, () => undefined);
    }
    this.groups.cleanUp();
  }

  #restoreKept(session: MqttSession, id: number, key: string): void {
    try {
      session.inflight.restoreKept(id, decodeKept(this.#host.states.get(key)!));
    } catch (error) {
      this.#log.error({ error, key }, "a message of an MQTT session cannot be read and is left alone");
    }
  }

  #takeUp(session: MqttSession): void {
    const { will } = session;
    this.#byClientId.set(session.clientId, session);
    this.#countFilters(session, 1);
    for (const { durable } of session.shared.values()) this.groups.join(durable);
    session.will = undefined;
    // whoever was connected when the broker ended lost its connection then; that is known to be before now
    session.leftAtMs ??= this.#clock.nowMs();
    if (will !== undefined) this.#delayWill(session, will, undefined);
    this.#wait(session);
    this.save(session);
  }

  /** The broker stops: nothing falls due any more. */
  stop(): void {
    this.#deadlines.stop();
  }

  /** See `MqttSessions.acquire`. */
  acquire(wanted: SessionRequest, owner: SessionOwner): AcquiredSession | SessionRefusal {
    const { clientId, userName } = wanted;
    const held = this.#byClientId.get(clientId);
    const isAnothers = held?.userName !== undefined && userName !== undefined && held.userName !== userName;
    if (isAnothers) return "foreign";
    held?.owner?.takenOver();
    const stored = this.#byClientId.get(clientId);
    if (stored !== undefined && !wanted.clean) return this.#resume(stored, wanted, owner);
    if (stored !== undefined) this.end(stored);
    if (this.#byClientId.size >= this.#sessionsMax) {
      const [unused] = this.#idle;
      if (unused === undefined) return "full";
      this.end(unused);
    }
    const session = new MqttSession(wanted);
    session.owner = owner;
    this.counters.connected += 1;
    this.#byClientId.set(clientId, session);
    return { session, present: false };
  }

  #resume(session: MqttSession, wanted: SessionRequest, owner: SessionOwner): AcquiredSession {
    this.#idle.delete(session);
    session.expiry?.cancel();
    session.expiry = undefined;
    session.pendingWill?.cancel();
    session.pendingWill = undefined;
    session.owner = owner;
    this.counters.connected += 1;
    session.leftAtMs = undefined;
    session.userName = wanted.userName ?? session.userName;
    session.expirySeconds = wanted.expirySeconds;
    return { session, present: true };
  }

  /**
   * The connection is gone. A session that does not outlive it goes with it.
   * @param will the will, unless the client took leave
   * @param host the client's view of the host; it is closed, perhaps later
   */
  release(session: MqttSession, owner: SessionOwner, will: Will | undefined, host: VirtualHost): void {
    const isOwner = session.owner === owner;
    const lasts = isOwner && session.expirySeconds > 0;
    let keepsHost = false;
    if (isOwner) {
      session.owner = undefined;
      this.counters.connected -= 1;
      session.will = undefined;
      session.leftAtMs = this.#clock.nowMs();
    }
    if (will !== undefined) {
      if (lasts && will.request.delaySeconds > 0) {
        this.#delayWill(session, will, host);
        keepsHost = true;
      } else will.publish(host, this.#clock.nowMs());
    }
    if (!keepsHost) host.close();
    if (!isOwner) return;
    if (!lasts) return this.end(session);
    if (session.isEmpty) this.#idle.add(session);
    this.#wait(session);
    this.save(session);
  }

  /**
   * [MQTT5-3.1.3-9]: the will goes when its delay is over or the session ends, whichever is first.
   * @param left the host as its client saw it; undefined after a restart
   */
  #delayWill(session: MqttSession, will: Will, left: VirtualHost | undefined): void {
    const { expirySeconds, leftAtMs } = session;
    const seconds = Math.min(
      will.request.delaySeconds,
      session.expires ? expirySeconds : Number.POSITIVE_INFINITY,
    );
    const deadline = this.#deadlines.at((leftAtMs ?? this.#clock.nowMs()) + seconds * 1_000, () => {
      session.pendingWill?.publish(this.#clock.nowMs());
      session.pendingWill = undefined;
      this.save(session);
    });
    session.pendingWill = new PendingWill(will, deadline, left, this.#admitAbsent);
  }

  #wait(session: MqttSession): void {
    if (!session.expires || session.leftAtMs === undefined) return;
    const dueMs = session.leftAtMs + session.expirySeconds * 1_000;
    session.expiry = this.#deadlines.at(dueMs, () => {
      this.counters.expired += 1;
      this.end(session);
    });
  }

  /** Ends a session, connected or not: everything it stands for goes. [MQTT-3.1.2-6] [MQTT5-4.1.0-2] */
  end(session: MqttSession): void {
    const { clientId } = session;
    this.#idle.delete(session);
    if (this.#byClientId.get(clientId) !== session) return;
    this.#byClientId.delete(clientId);
    session.expiry?.cancel();
    session.expiry = undefined;
    session.pendingWill?.publish(this.#clock.nowMs());
    session.pendingWill = undefined;
    for (const { durable } of session.shared.values()) this.groups.leave(durable);
    this.#countFilters(session, -1);
    session.shared.clear();
    if (!session.durable) return;
    this.destroyDurable(session);
    if (session.hasInflight) for (const [id] of session.inflight.kept) this.saveKept(session, id);
    for (let number = 1; number <= session.chunks.count; number += 1) this.#saveChunk(session, number);
    this.save(session);
    this.saveExchanges(session);
  }

  #countFilters({ filters, shared }: MqttSession, sign: number): void {
    this.counters.subscriptions += sign * filters.size;
    this.counters.sharedSubscriptions += sign * shared.size;
  }

  /** Destroys what a session has collected. */
  destroyDurable(session: MqttSession): void {
    try {
      this.#host.destroy(session.durableAddress);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#log.warn({ reason: error.message }, "the durable subscription of a session stays");
    }
  }

  /** Filters have changed. */
  saveFilters(session: MqttSession, done: Saved): void {
    const { chunks } = session;
    const changed = chunks.takeChanged();
    const withFirst = changed.size === 0 || changed.has(0);
    let left = changed.size;
    for (const number of changed) {
      left -= 1;
      // everything of a turn is durable together: one of them tells
      if (number > 0) this.#saveChunk(session, number, left === 0 && !withFirst ? done : undefined);
    }
    if (withFirst) this.save(session, done);
  }

  #saveChunk({ clientId }: MqttSession, number: number, done?: Saved): void {
    this.#host.states.save(
      `${FILTER_PREFIX}${number}:${clientId}`,
      () => {
        const known = this.#byClientId.get(clientId);
        return known?.durable ? encodeChunk(known, number) : undefined;
      },
      done,
    );
  }

  /** Expiry, owner, will or the first filters have changed. */
  save(session: MqttSession, done?: Saved): void {
    this.#save(session, SESSION_PREFIX, () => encodeSession(session), done);
  }

  /** Calls back when everything so far is durable, perhaps at once. */
  whenDurable(done: () => void): void {
    this.#host.whenDurable(done);
  }

  /** A kept message has come, or is not kept any more. */
  saveKept({ clientId }: MqttSession, id: number): void {
    this.#host.states.save(`${KEPT_PREFIX}${id}:${clientId}`, () => {
      const session = this.#byClientId.get(clientId);
      const kept = session?.hasInflight ? session.inflight.kept.get(id) : undefined;
      return kept && encodeKept(kept);
    });
  }

  /** Ids of unfinished QoS 2 exchanges have changed. */
  saveExchanges(session: MqttSession, done?: Saved): void {
    this.#save(session, EXCHANGE_PREFIX, () => encodeExchanges(session), done);
  }

  #save(session: MqttSession, prefix: string, encode: () => Uint8Array | undefined, done?: Saved): void {
    const { clientId } = session;
    // what is written is what is true then: another session may have taken the place of this one
    const current = (): Uint8Array | undefined => {
      const known = this.#byClientId.get(clientId);
      if (known === session) return encode();
      if (known?.durable) return prefix === SESSION_PREFIX ? encodeSession(known) : encodeExchanges(known);
      return undefined;
    };
    this.#host.states.save(prefix + clientId, current, done);
  }
}
