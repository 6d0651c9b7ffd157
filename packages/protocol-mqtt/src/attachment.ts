import type { VirtualHost } from "@tsapollo/domain";
import type { KeepAlive } from "./keep-alive.ts";
import type { Sending } from "./sending.ts";
import type { MqttSession, SessionOwner } from "./session.ts";
import type { MqttSessions } from "./sessions.ts";
import type { Subscribing } from "./subscribing.ts";
import type { Will } from "./will.ts";

/** A connection joined to its session and its virtual host: what exists from CONNACK to the end. */
export class Attachment {
  readonly session: MqttSession;
  readonly sending: Sending;
  readonly subscribing: Subscribing;
  readonly keepAlive: KeepAlive;
  readonly #host: VirtualHost;
  readonly #sessions: MqttSessions;
  readonly #owner: SessionOwner;
  readonly #will: Will | undefined;

  constructor(parts: {
    readonly session: MqttSession;
    readonly sending: Sending;
    readonly subscribing: Subscribing;
    readonly keepAlive: KeepAlive;
    readonly host: VirtualHost;
    readonly sessions: MqttSessions;
    readonly owner: SessionOwner;
    readonly will: Will | undefined;
  }) {
    this.session = parts.session;
    this.sending = parts.sending;
    this.subscribing = parts.subscribing;
    this.keepAlive = parts.keepAlive;
    this.#host = parts.host;
    this.#sessions = parts.sessions;
    this.#owner = parts.owner;
    this.#will = parts.will;
  }

  /** The engine destroyed what the session stood for; the next connection finds none. */
  discardSession(): void {
    this.subscribing.ended();
    this.#sessions.discard(this.#host.id, this.session);
  }

  /**
   * The connection ends. What was sent and not acknowledged returns to the queues; the session stays or goes as
   * the client wished. [MQTT-3.1.2-8] [MQTT-3.14.4-3]
   */
  leave(withWill: boolean): void {
    this.keepAlive.stop();
    this.subscribing.detach();
    if (withWill) this.#will?.publish(this.#host);
    this.#sessions.release(this.#host.id, this.session, this.#owner);
    this.#host.close();
  }
}
