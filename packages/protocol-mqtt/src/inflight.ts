import type { Delivery } from "@tsapollo/domain";

const FREE = 0;
const AWAITS_PUBACK = 1;
const AWAITS_PUBREC = 2;
const AWAITS_PUBCOMP = 3;
/** Belongs to a message that was sent on an earlier connection and comes again with the same id. */
const AWAITS_RESEND = 4;

/** What an acknowledgement met. */
export type AckResult = "done" | "unknown" | "wrong";

const FIRST_CAPACITY = 16;
const PACKET_ID_MAX = 65_535;

/**
 * The packet ids a session has given to outgoing messages of QoS 1 and 2, and what each still waits for.
 *
 *     free ──take──▶ PUBACK ──puback──▶ free
 *     free ──take──▶ PUBREC ──pubrec──▶ PUBCOMP ──pubcomp──▶ free
 *                  detach │                            (survives a detach: PUBREL is sent again)
 *                         ▼
 *                      resend ──again──▶ PUBACK or PUBREC
 *
 * Ids go round in a range that is at least twice as large as what is in flight (as long as 65535 allows), so
 * that an id rests before it is used again.
 */
export class Inflight {
  readonly #max: number;
  readonly #deliveries: (Delivery | undefined)[] = [];
  #states: Uint8Array = new Uint8Array(FIRST_CAPACITY + 1);
  #capacity = FIRST_CAPACITY;
  #count = 0;
  #next = 1;
  /** Ids in the order of their PUBREC; see {@link Inflight.released}. */
  readonly #released = new Set<number>();
  /** Sequence of a message that comes again → id and QoS. */
  readonly #resend = new Map<number, number>();

  /** @param max most ids in use at a time */
  constructor(max: number) {
    this.#max = Math.min(max, PACKET_ID_MAX);
  }

  /** Whether no further message may be sent. */
  get full(): boolean {
    return this.#count >= this.#max;
  }

  /** How many ids are in use. */
  get count(): number {
    return this.#count;
  }

  /** Whether messages of an earlier connection are expected to come again. */
  get expectsResend(): boolean {
    return this.#resend.size > 0;
  }

  /** Gives an id. The delivery is kept until it is acknowledged; a direct one needs no more than the id. */
  take(delivery: Delivery, qos: number): number {
    const states = this.#states;
    let id = this.#next;
    for (;;) {
      if (id > this.#capacity) {
        if (this.#count * 2 >= this.#capacity && this.#capacity < PACKET_ID_MAX) {
          this.#grow();
          break;
        }
        id = 1;
      }
      if (states[id] === FREE) break;
      id += 1;
    }
    this.#next = id + 1;
    this.#count += 1;
    this.#set(id, qos, delivery);
    return id;
  }

  /**
   * The id of a message that was sent before, on an earlier connection, and its QoS then; 0 if there is none.
   * The same message must keep its id. [MQTT-4.4.0-1]
   * @returns `id | qos << 16`
   */
  again(delivery: Delivery): number {
    const known = delivery.redeliveryCount > 0 ? this.#resend.get(delivery.sequence) : undefined;
    if (known === undefined) {
      this.#forgetResends(delivery.sequence);
      return 0;
    }
    this.#resend.delete(delivery.sequence);
    this.#set(known & 0xffff, known >> 16, delivery);
    return known;
  }

  /** [MQTT-4.3.2-1] */
  puback(id: number): AckResult {
    if (id > this.#capacity) return "unknown";
    const state = this.#states[id]!;
    if (state !== AWAITS_PUBACK) return state === FREE || state === AWAITS_RESEND ? "unknown" : "wrong";
    const delivery = this.#deliveries[id];
    this.#free(id);
    delivery?.settle("consumed");
    return "done";
  }

  /** From here on the receiver owns the message: it is never sent again, only PUBREL is. [MQTT-4.3.3-1] */
  pubrec(id: number): AckResult {
    const state = id > this.#capacity ? FREE : this.#states[id]!;
    if (state === AWAITS_PUBCOMP) return "done";
    if (state !== AWAITS_PUBREC) return state === AWAITS_PUBACK ? "wrong" : "unknown";
    const delivery = this.#deliveries[id];
    this.#deliveries[id] = undefined;
    this.#states[id] = AWAITS_PUBCOMP;
    this.#released.add(id);
    delivery?.settle("consumed");
    return "done";
  }

  /** Whether an id waits for a message to come again, so that its acknowledgement is not yet due. */
  isResend(id: number): boolean {
    return id <= this.#capacity && this.#states[id] === AWAITS_RESEND;
  }

  /** [MQTT-4.3.3-1] */
  pubcomp(id: number): AckResult {
    const state = id > this.#capacity ? FREE : this.#states[id]!;
    if (state !== AWAITS_PUBCOMP) return state === FREE || state === AWAITS_RESEND ? "unknown" : "wrong";
    this.#released.delete(id);
    this.#free(id);
    return "done";
  }

  /** The queue behind the deliveries is gone: ids stay until they are acknowledged, nothing comes again. */
  abandon(): void {
    this.#deliveries.fill(undefined);
    for (const known of this.#resend.values()) this.#free(known & 0xffff);
    this.#resend.clear();
  }

  /** Takes an id back whose message could not be sent. */
  forget(id: number): void {
    this.#free(id);
  }

  /** Ids whose PUBREL must be sent again, in the order of their PUBRECs. [MQTT-4.4.0-1] [MQTT-4.6.0-4] */
  released(): Iterable<number> {
    return this.#released;
  }

  /** The connection is gone: what was not acknowledged comes again, with the same id. */
  detach(): void {
    for (let id = 1; id <= this.#capacity; id += 1) {
      const state = this.#states[id]!;
      if (state !== AWAITS_PUBACK && state !== AWAITS_PUBREC) continue;
      const delivery = this.#deliveries[id];
      if (delivery === undefined) {
        this.#free(id);
        continue;
      }
      this.#resend.set(delivery.sequence, id | (state << 16));
      this.#deliveries[id] = undefined;
      this.#states[id] = AWAITS_RESEND;
    }
  }

  /**
   * Gives up the ids of messages that will not come again because they expired or were removed: those before a
   * sequence, or all when that leaves no room.
   */
  #forgetResends(beforeSequence: number): void {
    const all = this.full;
    for (const [sequence, known] of this.#resend) {
      if (!all && sequence > beforeSequence) continue;
      this.#resend.delete(sequence);
      this.#free(known & 0xffff);
    }
  }

  #set(id: number, qos: number, delivery: Delivery): void {
    this.#states[id] = qos; // AWAITS_PUBACK or AWAITS_PUBREC
    this.#deliveries[id] = delivery.sequence === -1 ? undefined : delivery;
  }

  #free(id: number): void {
    this.#states[id] = FREE;
    this.#deliveries[id] = undefined;
    this.#count -= 1;
  }

  #grow(): void {
    this.#capacity = Math.min(this.#capacity * 2, PACKET_ID_MAX);
    const larger = new Uint8Array(this.#capacity + 1);
    larger.set(this.#states);
    this.#states = larger;
  }
}
