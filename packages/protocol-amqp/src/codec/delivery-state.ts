import { decodeError } from "../conditions.ts";
import type { FieldReader } from "./field-reader.ts";
import type { Descriptor } from "./frames.ts";
import { DECODED, ValueChecker } from "./values.ts";
import { ACCEPTED_STATE } from "./write-frames.ts";

/** The state of a delivery, as a peer tells it. [AMQP 3.4, 4.5] */
export interface DeliveryState {
  readonly kind:
    | "received"
    | "accepted"
    | "rejected"
    | "released"
    | "modified"
    | "declared"
    | "transactional";
  /** Of `modified`. */
  readonly deliveryFailed: boolean;
  /** Of `modified`. */
  readonly undeliverableHere: boolean;
  /** Of `modified`: the map of annotations, encoded. */
  readonly annotations: Uint8Array | undefined;
  /** Of `transactional`: the transaction's id, one character for each byte. */
  readonly txnId: string;
  /** Of `transactional`: the outcome that becomes effective with the transaction. */
  readonly outcome: DeliveryState | undefined;
}

function simple(kind: DeliveryState["kind"]): DeliveryState {
  return Object.freeze({
    kind,
    deliveryFailed: false,
    undeliverableHere: false,
    annotations: undefined,
    txnId: "",
    outcome: undefined,
  });
}

/** `accepted`, which is what most deliveries come to. */
export const ACCEPTED: DeliveryState = simple("accepted");
const RECEIVED = simple("received");
const REJECTED = simple("rejected");
const RELEASED = simple("released");

const SYMBOLS: ReadonlyMap<string, number> = new Map([
  ["amqp:received:list", 0x23],
  ["amqp:accepted:list", 0x24],
  ["amqp:rejected:list", 0x25],
  ["amqp:released:list", 0x26],
  ["amqp:modified:list", 0x27],
  ["amqp:declared:list", 0x33],
  ["amqp:transactional-state:list", 0x34],
]);

/** Reads delivery states; simple ones cost no object. */
export class DeliveryStateReader {
  readonly #descriptor: Descriptor;
  readonly #reader: FieldReader;
  readonly #checker: ValueChecker = new ValueChecker(DECODED);

  constructor(descriptor: Descriptor, reader: FieldReader) {
    this.#descriptor = descriptor;
    this.#reader = reader;
  }

  /**
   * The state in `bytes[start..end)`; undefined when that is empty.
   * @throws AmqpError decode-error
   */
  read(bytes: Uint8Array, start: number, end: number): DeliveryState | undefined {
    if (start === end) return undefined;
    if (end - start === 4 && bytes[start + 2] === 0x24 && bytes[start + 1] === 0x53 && bytes[start] === 0)
      return ACCEPTED;
    const code = this.#descriptor.read(bytes, start, end, SYMBOLS);
    this.#reader.open(bytes, this.#descriptor.next, end);
    switch (code) {
      case 0x23:
        return RECEIVED;
      case 0x24:
        return ACCEPTED;
      case 0x25:
        return REJECTED;
      case 0x26:
        return RELEASED;
      case 0x27:
        return this.#modified();
      case 0x33:
        return simple("declared");
      case 0x34:
        return this.#transactional(bytes);
      default:
        throw decodeError(`0x${code.toString(16)} is no delivery state`);
    }
  }

  #modified(): DeliveryState {
    const reader = this.#reader;
    const deliveryFailed = reader.flag(0) === 1;
    const undeliverableHere = reader.flag(0) === 1;
    const annotations = reader.any()
      ? new Uint8Array(reader.bytes.subarray(reader.start, reader.end))
      : undefined;
    if (annotations !== undefined && annotations[0] !== 0xc1 && annotations[0] !== 0xd1) {
      throw decodeError("The message-annotations of a modified outcome are no map");
    }
    // they go to whoever gets the message next, who must be able to read them
    if (annotations !== undefined) this.#checker.check(annotations, 0, annotations.length);
    return {
      kind: "modified",
      deliveryFailed,
      undeliverableHere,
      annotations,
      txnId: "",
      outcome: undefined,
    };
  }

  #transactional(bytes: Uint8Array): DeliveryState {
    const reader = this.#reader;
    if (!reader.binary()) throw decodeError("A transactional state has no txn-id");
    const txnId = Buffer.from(bytes.subarray(reader.start, reader.end)).toString("latin1");
    const outcome = reader.any() ? this.#outcome(bytes, reader.start, reader.end) : undefined;
    return {
      kind: "transactional",
      deliveryFailed: false,
      undeliverableHere: false,
      annotations: undefined,
      txnId,
      outcome,
    };
  }

  #outcome(bytes: Uint8Array, start: number, end: number): DeliveryState | undefined {
    const outcome = this.read(bytes, start, end);
    if (outcome?.kind === "transactional")
      throw decodeError("The outcome of a transactional state is one itself");
    return outcome;
  }
}

function binary8(text: string): number[] {
  return [0xa0, text.length, ...Buffer.from(text, "latin1")];
}

/** A transactional state with the outcome `accepted`, encoded. [AMQP 4.4] */
export function transactionalAccepted(txnId: string): Uint8Array {
  const fields = [...binary8(txnId), ...ACCEPTED_STATE];
  return Uint8Array.of(0x00, 0x53, 0x34, 0xc0, fields.length + 1, 2, ...fields);
}

/** The outcome of a declare, encoded. [AMQP 4.3] */
export function declaredState(txnId: string): Uint8Array {
  const fields = binary8(txnId);
  return Uint8Array.of(0x00, 0x53, 0x33, 0xc0, fields.length + 1, 1, ...fields);
}
