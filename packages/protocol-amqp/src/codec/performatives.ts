import frames, { type Composite } from "rhea/lib/frames.js";
import { decodeError, framingError } from "../conditions.ts";
import { number, optionalText, symbols, text } from "./fields.ts";
import { readSource, readTarget, type SourceTerms, type TargetTerms } from "./terminus.ts";
import { DECODED, ValueChecker } from "./values.ts";

const UINT_MAX = 4_294_967_295;

/** Largest frame that carries no message: what comes of it stays with us as long as the link or session. */
const COLD_FRAME_MAX = 262_144;

/** Longest name of a link, which is remembered with it. */
const NAME_MAX = 4_096;

/** Open. [AMQP 2.7.1] */
export interface OpenTerms {
  readonly containerId: string;
  readonly hostname: string | undefined;
  readonly maxFrameSize: number;
  readonly channelMax: number;
  /** 0: none. */
  readonly idleTimeoutMs: number;
  readonly desired: readonly string[];
}

/** Begin. [AMQP 2.7.2] */
export interface BeginTerms {
  readonly nextOutgoingId: number;
  readonly incomingWindow: number;
  readonly handleMax: number;
}

/** Attach. [AMQP 2.7.3] */
export interface AttachTerms {
  readonly name: string;
  readonly handle: number;
  /** Whether the peer is the receiver. */
  readonly peerReceives: boolean;
  readonly sndSettleMode: number;
  readonly rcvSettleMode: number;
  readonly source: SourceTerms | undefined;
  readonly target: TargetTerms | "coordinator" | undefined;
  readonly initialDeliveryCount: number;
  /** 0: none. */
  readonly maxMessageSize: number;
  readonly desired: readonly string[];
}

/** Detach. [AMQP 2.7.7] */
export interface DetachTerms {
  readonly handle: number;
  readonly closed: boolean;
}

/** sasl-init. [AMQP 5.3.3.2] */
export interface SaslInitTerms {
  readonly mechanism: string;
  readonly response: Buffer;
  readonly hostname: string | undefined;
}

/**
 * A whole frame that is not of the hot path, read by rhea after its structure was checked.
 * @param performativeAt where the described performative begins
 * @throws AmqpError decode-error
 */
export function readPerformative(
  bytes: Uint8Array,
  start: number,
  performativeAt: number,
  end: number,
): Composite {
  if (end - start > COLD_FRAME_MAX) {
    throw framingError(
      `A frame of ${end - start} bytes holds no message; such frames have at most ${COLD_FRAME_MAX}`,
    );
  }
  new ValueChecker(DECODED).check(bytes, performativeAt, end);
  try {
    // a copy: what rhea reads may refer to it, and ours is overwritten when the turn ends
    const { performative } = frames.read_frame(Buffer.from(bytes.subarray(start, end)));
    if (Array.isArray(performative.value)) return performative;
  } catch (error) {
    throw decodeError(`A frame cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw decodeError("A performative holds no list");
}

/** @throws AmqpError decode-error when a field is not what it must be */
export function openTerms(open: Composite): OpenTerms {
  return {
    containerId: text(open["container_id"], "container-id"),
    hostname: optionalText(open["hostname"], "hostname"),
    maxFrameSize: number(open["max_frame_size"], "max-frame-size", UINT_MAX),
    channelMax: number(open["channel_max"], "channel-max", 65_535),
    idleTimeoutMs: number(open["idle_time_out"], "idle-time-out", 0),
    desired: symbols(open["desired_capabilities"], "desired-capabilities"),
  };
}

/** @throws AmqpError decode-error when a field is not what it must be */
export function beginTerms(begin: Composite): BeginTerms {
  return {
    nextOutgoingId: number(begin["next_outgoing_id"], "next-outgoing-id"),
    incomingWindow: number(begin["incoming_window"], "incoming-window"),
    handleMax: number(begin["handle_max"], "handle-max", UINT_MAX),
  };
}

/** @throws AmqpError decode-error when a field is not what it must be */
export function attachTerms(attach: Composite): AttachTerms {
  const name = text(attach["name"], "name");
  if (name.length > NAME_MAX) throw decodeError(`The name of a link has more than ${NAME_MAX} characters`);
  return {
    name,
    handle: number(attach["handle"], "handle"),
    peerReceives: flag(attach["role"], "role"),
    sndSettleMode: number(attach["snd_settle_mode"], "snd-settle-mode", 2),
    rcvSettleMode: number(attach["rcv_settle_mode"], "rcv-settle-mode", 0),
    source: readSource(attach["source"]),
    target: readTarget(attach["target"]),
    initialDeliveryCount: number(attach["initial_delivery_count"], "initial-delivery-count", 0),
    maxMessageSize: large(attach["max_message_size"]),
    desired: symbols(attach["desired_capabilities"], "desired-capabilities"),
  };
}

/** @throws AmqpError decode-error when a field is not what it must be */
export function detachTerms(detach: Composite): DetachTerms {
  return {
    handle: number(detach["handle"], "handle"),
    closed:
      detach["closed"] === undefined || detach["closed"] === null ? false : flag(detach["closed"], "closed"),
  };
}

/** @throws AmqpError decode-error when a field is not what it must be */
export function saslInitTerms(init: Composite): SaslInitTerms {
  return {
    mechanism: text(init["mechanism"], "mechanism"),
    response: binary(init["initial_response"]),
    hostname: optionalText(init["hostname"], "hostname"),
  };
}

/** The client's answer to a challenge. @throws AmqpError decode-error when it is none */
export function saslResponse(response: Composite): Buffer {
  return binary(response["response"]);
}

function binary(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(value)) return value;
  throw decodeError("The response of a SASL frame is no binary");
}

function flag(value: unknown, name: string): boolean {
  if (value === 1 || value === true) return true;
  if (value === 0 || value === false) return false;
  throw decodeError(`The field '${name}' is missing or no boolean`);
}

function large(value: unknown): number {
  if (typeof value === "number") return value;
  return 0; // missing, or larger than any message
}
