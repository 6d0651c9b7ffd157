import {
  type AdmitAbsent,
  type HostResident,
  InvariantError,
  invariant,
  type ProtocolServices,
  type VirtualHost,
} from "@tsapollo/domain";
import { MqttCounters } from "./counters.ts";
import { type AcquiredSession, HostSessions, type SessionRefusal } from "./host-sessions.ts";
import type { SessionOwner, SessionRequest } from "./session.ts";

/** Most sessions a virtual host keeps, unless told otherwise. */
export const DEFAULT_SESSIONS_MAX = 1_000_000;

/** A session as operators see it. */
export interface SessionView {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly connected: boolean;
  /** How long it outlives its connection; 4294967295: it does not expire. */
  readonly expirySeconds: number;
  /** When its last connection ended, milliseconds since the epoch; undefined while there is one. */
  readonly leftAtMs: number | undefined;
  readonly filterCount: number;
  /** Messages of QoS 1 and 2 that the client has not acknowledged. */
  readonly inflightCount: number;
}

/**
 * The sessions of a broker by virtual host and client id. One object for all MQTT connectors, so that a client
 * finds its session whichever connector it comes through. Lasting ones survive as the host's messages do.
 */
export class MqttSessions implements HostResident {
  /** What came before a client was let in, at all virtual hosts. */
  readonly strangers: MqttCounters = new MqttCounters();
  readonly #hosts = new Map<string, HostSessions>();
  readonly #sessionsMax: number;

  /** @param sessionsMax most sessions per virtual host, connected ones included */
  constructor(sessionsMax: number = DEFAULT_SESSIONS_MAX) {
    this.#sessionsMax = sessionsMax;
  }

  hostStarted(host: VirtualHost, services: ProtocolServices, admitAbsent: AdmitAbsent): void {
    const sessions = new HostSessions(host, services, admitAbsent, this.#sessionsMax);
    this.#hosts.set(host.id, sessions);
    sessions.restore();
  }

  hostStopping(hostId: string): void {
    this.#hosts.get(hostId)?.stop();
    this.#hosts.delete(hostId);
  }

  /** The broker stops: tells every connected client that can be told. [MQTT5-3.14.2.1] */
  shuttingDown(): void {
    for (const host of this.#hosts.values()) {
      for (const { owner } of host.all()) owner?.shuttingDown();
    }
  }

  /**
   * The sessions of a virtual host.
   * @throws InvariantError when it has not started
   */
  of(hostId: string): HostSessions {
    const sessions = this.#hosts.get(hostId);
    if (sessions === undefined) throw new InvariantError(`the sessions of host '${hostId}' were started`);
    return sessions;
  }

  /** How many sessions a virtual host has. */
  count(hostId: string): number {
    return this.#hosts.get(hostId)?.count ?? 0;
  }

  /** The sessions of a virtual host. */
  list(hostId: string): SessionView[] {
    return Array.from(this.#hosts.get(hostId)?.all() ?? [], (session) => ({
      clientId: session.clientId,
      userName: session.userName,
      connected: session.owner !== undefined,
      expirySeconds: session.expirySeconds,
      leftAtMs: session.leftAtMs,
      filterCount: session.filterCount,
      inflightCount: session.inflight.count,
    }));
  }

  /** Removes a session with everything it holds; its connection is closed. `false`: there is none. */
  remove(hostId: string, clientId: string): boolean {
    const host = this.#hosts.get(hostId);
    const session = host?.get(clientId);
    if (host === undefined || session === undefined) return false;
    session.owner?.removed();
    host.end(session);
    invariant(host.get(clientId) !== session, "a session that ended is gone");
    return true;
  }

  /**
   * Gives a connection the session of its client id. Whoever has it now is closed first. [MQTT-3.1.4-2]
   * [MQTT5-3.1.4-3] A session that another user began, stored or connected, is left as it is: a client id is no
   * secret. One that nobody was asked a name for belongs to whoever comes next. Where there are too many, a new session
   * takes the place of the stored one that has been empty the longest.
   */
  acquire(hostId: string, wanted: SessionRequest, owner: SessionOwner): AcquiredSession | SessionRefusal {
    return this.of(hostId).acquire(wanted, owner);
  }
}
