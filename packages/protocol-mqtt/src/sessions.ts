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

/**
 * The sessions of a broker by virtual host and client id. One object for all MQTT connectors, so that a client
 * finds its session whichever connector it comes through. In memory: it lives as long as the process.
 */
export class MqttSessions {
  readonly #hosts = new Map<string, Map<string, MqttSession>>();
  readonly #sessionsMax: number;

  /** @param sessionsMax most sessions per virtual host, connected ones included */
  constructor(sessionsMax: number = DEFAULT_SESSIONS_MAX) {
    this.#sessionsMax = sessionsMax;
  }

  /** How many sessions a virtual host has. */
  count(hostId: string): number {
    return this.#hosts.get(hostId)?.size ?? 0;
  }

  /**
   * Gives a connection the session of its client id. Whoever has it now is closed first. [MQTT-3.1.4-2]
   * A session that another user began, stored or connected, is left as it is: a client id is no secret.
   */
  acquire(hostId: string, wanted: SessionRequest, owner: SessionOwner): AcquiredSession | SessionRefusal {
    const { clientId, clean } = wanted;
    let sessions = this.#hosts.get(hostId);
    if (sessions === undefined) {
      sessions = new Map();
      this.#hosts.set(hostId, sessions);
    }
    const held = sessions.get(clientId);
    if (held !== undefined && held.userName !== wanted.userName) return "foreign";
    held?.owner?.takenOver();
    const stored = sessions.get(clientId);
    if (stored !== undefined && !clean) {
      stored.owner = owner;
      return { session: stored, present: true, erased: undefined };
    }
    if (stored === undefined && sessions.size >= this.#sessionsMax) return "full";
    const session = new MqttSession(wanted);
    session.owner = owner;
    sessions.set(clientId, session);
    return { session, present: false, erased: stored };
  }

  /** The connection is gone. A clean session goes with it. */
  release(hostId: string, session: MqttSession, owner: SessionOwner): void {
    if (session.owner !== owner) return;
    session.owner = undefined;
    if (session.clean) this.discard(hostId, session);
    else session.detach();
  }

  /** Forgets a session; the next connection of the client finds none. */
  discard(hostId: string, session: MqttSession): void {
    const sessions = this.#hosts.get(hostId);
    if (sessions?.get(session.clientId) === session) sessions.delete(session.clientId);
  }
}
