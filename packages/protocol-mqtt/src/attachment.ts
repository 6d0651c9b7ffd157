import type { VirtualHost } from "@tsapollo/domain";
import type { HostSessions } from "./host-sessions.ts";
import type { KeepAlive } from "./keep-alive.ts";
import type { Sending } from "./sending.ts";
import type { MqttSession, SessionOwner } from "./session.ts";
import type { Subscribing } from "./subscribing.ts";
import type { Will } from "./will.ts";

/** A connection joined to its session and its virtual host: what exists from CONNACK to the end. */
export class Attachment {
  readonly session: MqttSession;
  readonly sessions: HostSessions;
  readonly sending: Sending;
  readonly subscribing: Subscribing;
  readonly keepAlive: KeepAlive;
  readonly #host: VirtualHost;
  readonly #owner: SessionOwner;
  readonly #will: Will | undefined;

  constructor(parts: {
    readonly session: MqttSession;
    readonly sessions: HostSessions;
    readonly sending: Sending;
    readonly subscribing: Subscribing;
    readonly keepAlive: KeepAlive;
    readonly host: VirtualHost;
    readonly owner: SessionOwner;
    readonly will: Will | undefined;
  }) {
    this.session = parts.session;
    this.sessions = parts.sessions;
    this.sending = parts.sending;
    this.subscribing = parts.subscribing;
    this.keepAlive = parts.keepAlive;
    this.#host = parts.host;
    this.#owner = parts.owner;
    this.#will = parts.will;
  }

  /**
   * The connection ends. What was sent and not acknowledged returns to the queues; the session stays or goes as
   * the client wished. [MQTT-3.1.2-8] [MQTT-3.14.4-3] [MQTT5-3.14.4-3]
   */
  leave(withWill: boolean): void {
    this.keepAlive.stop();
    this.sending.close();
    if (this.session.owner === this.#owner) {
      // in the turn in which they leave their groups
      for (const id of this.session.detach()) this.sessions.saveKept(this.session, id);
    }
    this.subscribing.detach();
    this.sessions.release(this.session, this.#owner, withWill ? this.#will : undefined, this.#host);
  }
}
