import { MqttSession, type SessionOwner, type SessionRequest } from "./session.ts";

/** What a CONNECT got. */
export interface AcquiredSession {
  readonly session: MqttSession;
  /** Whether it is one of an earlier connection. [MQTT-3.2.2-2] */
  readonly present: boolean;
  /** The stored session that a clean one replaced; its durable subscription is to be destroyed. */
  readonly erased: MqttSession | undefined;
}

/** Why a CONNECT got no session: there are too many, or its client id is another user's. */
export type SessionRefusal = "full" | "foreign";

/** Most sessions a virtual host keeps, unless told otherwise. */
export const DEFAULT_SESSIONS_MAX = 1_000_000;

/** The sessions of one virtual host. */
interface HostSessions {
  readonly byClientId: Map<string, MqttSession>;
  /** Those without a connection that stand for nothing; the one that was left first comes first. */
  readonly idle: Set<MqttSession>;
}

/**
 * The sessions of a broker by virtual host and client id. One object for all MQTT connectors, so that a client
 * finds its session whichever connector it comes through. In memory: it lives as long as the process.
 */
export class MqttSessions {
  readonly #hosts = new Map<string, HostSessions>();
  readonly #sessionsMax: number;

  /** @param sessionsMax most sessions per virtual host, connected ones included */
  constructor(sessionsMax: number = DEFAULT_SESSIONS_MAX) {
    this.#sessionsMax = sessionsMax;
  }

  /** How many sessions a virtual host has. */
  count(hostId: string): number {
    return this.#hosts.get(hostId)?.byClientId.size ?? 0;
  }

  /**
   * Gives a connection the session of its client id. Whoever has it now is closed first. [MQTT-3.1.4-2]
   * A session that another user began, stored or connected, is left as it is: a client id is no secret.
   * Where there are too many, a new session takes the place of the stored one that has been empty the longest.
   */
  acquire(hostId: string, wanted: SessionRequest, owner: SessionOwner): AcquiredSession | SessionRefusal {
    const { clientId, clean } = wanted;
    const { byClientId, idle } = this.#of(hostId);
    const held = byClientId.get(clientId);
    if (held !== undefined && held.userName !== wanted.userName) return "foreign";
    held?.owner?.takenOver();
    const stored = byClientId.get(clientId);
    if (stored !== undefined) {
      idle.delete(stored);
      if (!clean) {
        stored.owner = owner;
        return { session: stored, present: true, erased: undefined };
      }
    } else if (byClientId.size >= this.#sessionsMax) {
      const [unused] = idle;
      if (unused === undefined) return "full";
      this.discard(hostId, unused);
    }
    const session = new MqttSession(wanted);
    session.owner = owner;
    byClientId.set(clientId, session);
    return { session, present: false, erased: stored };
  }

  /** The connection is gone. A clean session goes with it. */
  release(hostId: string, session: MqttSession, owner: SessionOwner): void {
    if (session.owner !== owner) return;
    session.owner = undefined;
    if (session.clean) return this.discard(hostId, session);
    session.detach();
    const { byClientId, idle } = this.#of(hostId);
    if (session.isEmpty && byClientId.get(session.clientId) === session) idle.add(session);
  }

  /** Forgets a session; the next connection of the client finds none. */
  discard(hostId: string, session: MqttSession): void {
    const { byClientId, idle } = this.#of(hostId);
    idle.delete(session);
    if (byClientId.get(session.clientId) === session) byClientId.delete(session.clientId);
  }

  #of(hostId: string): HostSessions {
    let sessions = this.#hosts.get(hostId);
    if (sessions === undefined) {
      sessions = { byClientId: new Map(), idle: new Set() };
      this.#hosts.set(hostId, sessions);
    }
    return sessions;
  }
}
