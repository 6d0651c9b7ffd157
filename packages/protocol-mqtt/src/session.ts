import { Filters } from "./filters.ts";
import { Inflight } from "./inflight.ts";

/** The connection that a session is attached to. */
export interface SessionOwner {
  /** Another connection came with the same client id: leave the session and close. [MQTT-3.1.4-2] */
  takenOver(): void;
}

/**
 * What is remembered of one client id: its filters, and where QoS 1 and 2 exchanges stand. With `clean` it ends
 * with its connection, otherwise the next connection finds it. [MQTT-3.1.2.4]
 */
export class MqttSession {
  readonly clientId: string;
  readonly clean: boolean;
  readonly filters: Filters = new Filters();
  /** The connection that has it now. */
  owner: SessionOwner | undefined = undefined;
  readonly #inflightMax: number;
  #inflight: Inflight | undefined;
  #received: Map<number, boolean> | undefined;

  constructor(clientId: string, clean: boolean, inflightMax: number) {
    this.clientId = clientId;
    this.clean = clean;
    this.#inflightMax = inflightMax;
  }

  /** Outgoing messages of QoS 1 and 2. */
  get inflight(): Inflight {
    this.#inflight ??= new Inflight(this.#inflightMax);
    return this.#inflight;
  }

  /**
   * Packet ids of QoS 2 messages that were taken and not yet released by PUBREL; the value tells whether the
   * broker has confirmed the message. At most 65535 by nature. [MQTT-4.3.3-2]
   */
  get received(): Map<number, boolean> {
    this.#received ??= new Map();
    return this.#received;
  }

  /** The connection is gone; what it left unfinished waits for the next. */
  detach(): void {
    this.#inflight?.detach();
    if (this.#received === undefined) return;
    // what the engine has taken it answers for, but nobody is called back any more
    for (const id of this.#received.keys()) this.#received.set(id, true);
  }
}
