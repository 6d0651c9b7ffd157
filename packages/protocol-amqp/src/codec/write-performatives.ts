import frames, { type Composite } from "rhea/lib/frames.js";
import types from "rhea/lib/types.js";
import type { AmqpError } from "../conditions.ts";

/** What our Open says. */
export interface OpenReply {
  readonly containerId: string;
  readonly maxFrameSize: number;
  readonly channelMax: number;
  readonly idleTimeoutMs: number;
  readonly offered: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Encodes Open. */
export function encodeOpen(reply: OpenReply): Uint8Array {
  const open = frames.open({
    container_id: reply.containerId,
    max_frame_size: reply.maxFrameSize,
    channel_max: reply.channelMax,
    ...(reply.idleTimeoutMs === 0 ? {} : { idle_time_out: reply.idleTimeoutMs }),
    offered_capabilities: reply.offered,
    properties: reply.properties,
  });
  return encoded(0, open);
}

/** Encodes Begin, the answer to one of the peer's. */
export function encodeBegin(
  channel: number,
  reply: {
    readonly remoteChannel: number;
    readonly nextOutgoingId: number;
    readonly incomingWindow: number;
    readonly outgoingWindow: number;
    readonly handleMax: number;
  },
): Uint8Array {
  const begin = frames.begin({
    remote_channel: reply.remoteChannel,
    next_outgoing_id: reply.nextOutgoingId,
    incoming_window: reply.incomingWindow,
    outgoing_window: reply.outgoingWindow,
    handle_max: reply.handleMax,
  });
  return encoded(channel, begin);
}

/** What our Attach says. */
export interface AttachReply {
  readonly name: string;
  readonly handle: number;
  readonly weReceive: boolean;
  readonly sndSettleMode: number;
  readonly rcvSettleMode: number;
  readonly source: unknown;
  readonly target: unknown;
  /** When we send. */
  readonly initialDeliveryCount: number | undefined;
  readonly maxMessageSize: number | undefined;
  readonly offered: readonly string[];
}

/** Encodes Attach. Undefined termini are null. */
export function encodeAttach(channel: number, reply: AttachReply): Uint8Array {
  const attach = frames.attach({
    name: reply.name,
    handle: reply.handle,
    role: reply.weReceive,
    snd_settle_mode: reply.sndSettleMode,
    rcv_settle_mode: reply.rcvSettleMode,
    source: reply.source,
    target: reply.target,
    initial_delivery_count: reply.initialDeliveryCount,
    max_message_size: reply.maxMessageSize,
    ...(reply.offered.length === 0 ? {} : { offered_capabilities: reply.offered }),
  });
  return encoded(channel, attach);
}

/** Encodes Detach. */
export function encodeDetach(
  channel: number,
  handle: number,
  closed: boolean,
  error?: AmqpError,
): Uint8Array {
  return encoded(channel, withError(frames.detach({ handle, closed }), 2, error));
}

/** Encodes End. */
export function encodeEnd(channel: number, error?: AmqpError): Uint8Array {
  return encoded(channel, withError(frames.end({}), 0, error));
}

/** Encodes Close. */
export function encodeClose(error?: AmqpError): Uint8Array {
  return encoded(0, withError(frames.close({}), 0, error));
}

/** Encodes sasl-mechanisms. */
export function encodeMechanisms(mechanisms: readonly string[]): Uint8Array {
  const composite = frames.sasl_mechanisms({ sasl_server_mechanisms: mechanisms });
  return frames.write_frame(frames.sasl_frame(composite.described()));
}

/** Encodes sasl-challenge. */
export function encodeChallenge(challenge: Uint8Array): Uint8Array {
  const composite = frames.sasl_challenge({ challenge: Buffer.from(challenge) });
  return frames.write_frame(frames.sasl_frame(composite.described()));
}

/** Encodes sasl-outcome; `data` is the last word of a mechanism that has one. */
export function encodeOutcome(code: number, data?: Uint8Array): Uint8Array {
  const fields = data === undefined ? { code } : { code, additional_data: Buffer.from(data) };
  return frames.write_frame(frames.sasl_frame(frames.sasl_outcome(fields).described()));
}

function withError(composite: Composite, field: number, error: AmqpError | undefined): Composite {
  if (error === undefined) return composite;
  composite.value[field] = errorOf(error);
  return composite;
}

const TEXT_MAX = 1_000;

function errorOf(error: AmqpError): ReturnType<typeof types.wrap_error> {
  const wrapped = types.wrap_error({ condition: error.condition, description: shortened(error.message) });
  if (error.info !== undefined) {
    const info: Record<string, unknown> = {};
    for (const [key, text] of Object.entries(error.info)) info[key] = types.wrap_symbol(text);
    (wrapped.value as unknown[])[2] = types.wrap_symbolic_map(info);
  }
  return wrapped;
}

function shortened(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}

/** A rejected outcome with the reason, encoded as it stands in a disposition. [AMQP 3.4.3] */
export function rejectedState(error: AmqpError): Uint8Array {
  const rejected = types.described_nc(types.wrap_ulong(0x25), types.wrap_list([errorOf(error)]));
  const frame = frames.write_frame(frames.amqp_frame(0, rejected));
  return frame.subarray(8);
}

function encoded(channel: number, composite: Composite): Uint8Array {
  return frames.write_frame(frames.amqp_frame(channel, composite.described()));
}
