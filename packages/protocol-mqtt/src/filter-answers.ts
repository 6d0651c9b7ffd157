import type { Logger } from "@tsapollo/domain";
import { type Answers, shortened } from "./answers.ts";
import type { Attachment } from "./attachment.ts";
import { type PacketPlace, readSubscribe, readUnsubscribe } from "./filter-request.ts";
import type { Guardian } from "./guardian.ts";
import type { ReadingGate } from "./reading-gate.ts";
import { SUBACK_FAILURE } from "./wire.ts";

/** Filters after which the other connections have their turn. */
const FILTERS_PER_TURN = 1_000;

/** Takes SUBSCRIBE and UNSUBSCRIBE packets and answers them. */
export class FilterAnswers {
  readonly #attached: Attachment;
  readonly #answers: Answers;
  readonly #gate: ReadingGate;
  readonly #log: Logger;
  readonly #filtersMax: number;
  readonly #guardian: Guardian;
  #turnFilters = 0;

  constructor(parts: {
    readonly attached: Attachment;
    readonly answers: Answers;
    readonly gate: ReadingGate;
    readonly log: Logger;
    readonly filtersMax: number;
    readonly guardian: Guardian;
  }) {
    this.#attached = parts.attached;
    this.#answers = parts.answers;
    this.#gate = parts.gate;
    this.#log = parts.log;
    this.#filtersMax = parts.filtersMax;
    this.#guardian = parts.guardian;
  }

  /**
   * [MQTT-3.8.4-1] [MQTT-3.8.4-2] The SUBACK goes out before what the filters bring, and when it is saved that a
   * lasting session has them. [messaging 16.3]
   */
  subscribe(bytes: Uint8Array, place: PacketPlace): void {
    const { level } = this.#answers;
    const { packetId: messageId, filters } = readSubscribe(bytes, place, level, this.#filtersMax);
    const { sending, subscribing } = this.#attached;
    sending.hold();
    const { codes, reason } = subscribing.subscribe(filters);
    // MQTT 3.1 has no code for a refusal, MQTT 3.1.1 has one
    let granted = codes;
    if (level === 3) granted = filters.map((one) => one.qos);
    else if (level === 4) granted = codes.map((code) => Math.min(code, SUBACK_FAILURE));
    if (level === 3 && reason !== undefined) {
      this.#log.warn({}, "an MQTT 3.1 client is told that a refused filter was granted");
    }
    const explained = level === 5 && reason !== undefined && this.#answers.explains;
    const properties = explained ? { properties: { reasonString: shortened(reason) } } : {};
    this.#whenSaved(() => {
      this.#answers.send({ cmd: "suback", messageId, granted, ...properties });
      sending.release();
    });
    this.#shareTurn(filters.length);
  }

  /** [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT5-3.10.4-6] */
  unsubscribe(bytes: Uint8Array, place: PacketPlace): void {
    const { level } = this.#answers;
    const { packetId: messageId, filters } = readUnsubscribe(bytes, place, level, this.#filtersMax);
    const granted = this.#attached.subscribing.unsubscribe(filters);
    this.#whenSaved(() => this.#answers.send({ cmd: "unsuback", messageId, granted }));
    this.#shareTurn(filters.length);
  }

  /** Answers when the session is saved, if it outlives its connection; at once otherwise. */
  #whenSaved(answer: () => void): void {
    const { session, sessions } = this.#attached;
    if (session.durable) sessions.saveFilters(session, (error) => this.#guardian.guarded(answer, error));
    else answer();
  }

  /** Many filters take long, and the next packet may hold as many. */
  #shareTurn(filters: number): void {
    this.#turnFilters += filters;
    if (this.#turnFilters < FILTERS_PER_TURN) return;
    this.#turnFilters = 0;
    this.#gate.yieldTurn();
  }
}
