import { Filters } from "./filters.ts";
import { Inflight } from "./inflight.ts";
import { PacketIds } from "./packet-ids.ts";

/** The connection that a session is attached to. */
export interface SessionOwner {
  /** Another connection came with the same client id: leave the session and close. [MQTT-3.1.4-2] */
  takenOver(): void;
}

/** The session that an admitted client asks for. */
export interface SessionRequest {
  readonly clientId: string;
  /** Name of the authenticated user; undefined without authentication. */
  readonly userName: string | undefined;
  readonly clean: boolean;
  /** Most outgoing messages in flight, for a new session. */
  readonly inflightMax: number;
}

/**
 * What is remembered of one client id: its filters, and where QoS 1 and 2 exchanges stand. With `clean` it ends
 * with its connection, otherwise the next connection finds it. [MQTT-3.1.2.4]
 */
export class MqttSession {
  readonly clientId: string;
  /** Whose session it is; undefined: nobody's name was asked for. Other users do not get it. */
  readonly userName: string | undefined;
  readonly clean: boolean;
  readonly filters: Filters = new Filters();
  /** Packet ids of QoS 2 messages that were taken and not yet released by PUBREL. [MQTT-4.3.3-2] */
  readonly received: PacketIds = new PacketIds();
  /** The connection that has it now. */
  owner: SessionOwner | undefined = undefined;
  readonly #inflightMax: number;
  #inflight: Inflight | undefined;

  constructor(wanted: SessionRequest) {
    this.clientId = wanted.clientId;
    this.userName = wanted.userName;
    this.clean = wanted.clean;
    this.#inflightMax = wanted.inflightMax;
  }

  /** Outgoing messages of QoS 1 and 2. */
  get inflight(): Inflight {
    this.#inflight ??= new Inflight(this.#inflightMax);
    return this.#inflight;
  }

  /** Whether nothing is lost when it is forgotten: no filters, and no exchange of QoS 1 or 2 unfinished. */
  get isEmpty(): boolean {
    return this.filters.size === 0 && this.received.size === 0 && (this.#inflight?.count ?? 0) === 0;
  }

  /** The connection is gone; what it left unfinished waits for the next. */
  detach(): void {
    this.#inflight?.detach();
    if (this.#inflight?.count === 0) this.#inflight = undefined;
    this.received.shrink();
  }
}
