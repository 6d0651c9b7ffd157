import type { Output } from "@tsapollo/domain";
import { putUint32 } from "./values.ts";

/** Most bytes of a transfer frame before its payload. */
export const TRANSFER_HEAD_MAX = 48;

const UINT = 0x70;
const TRUE = 0x41;
const FALSE = 0x42;
const NULL = 0x40;

/** Writes a frame header with a placeholder for nothing: the size is known. */
function putFrameHead(block: Uint8Array, at: number, size: number, channel: number): number {
  putUint32(block, at, size);
  block[at + 4] = 2;
  block[at + 5] = 0;
  block[at + 6] = channel >> 8;
  block[at + 7] = channel;
  return at + 8;
}

function putUint(block: Uint8Array, at: number, value: number): number {
  block[at] = UINT;
  return putUint32(block, at + 1, value);
}

/** What a transfer frame of the broker's says. */
export interface TransferHead {
  channel: number;
  handle: number;
  deliveryId: number;
  settled: boolean;
  /** Whether frames of the same delivery came before. */
  continued: boolean;
  more: boolean;
}

/**
 * Writes a transfer up to its payload. The delivery tag is the delivery id, in four bytes.
 * @returns the index behind it
 */
export function putTransfer(
  block: Uint8Array,
  start: number,
  head: TransferHead,
  payloadBytes: number,
): number {
  const size = head.continued ? 8 + 3 + 3 + 5 + 5 : 8 + 3 + 3 + 5 + 5 + 6 + 3;
  let at = putFrameHead(block, start, size + payloadBytes, head.channel);
  block[at] = 0x00;
  block[at + 1] = 0x53;
  block[at + 2] = 0x14;
  block[at + 3] = 0xc0;
  block[at + 4] = size - 8 - 5;
  block[at + 5] = 6;
  at = putUint(block, at + 6, head.handle);
  if (head.continued) {
    block[at] = NULL;
    block[at + 1] = NULL;
    block[at + 2] = NULL;
    block[at + 3] = NULL;
    block[at + 4] = head.more ? TRUE : FALSE;
    return at + 5;
  }
  at = putUint(block, at, head.deliveryId);
  block[at] = 0xa0;
  block[at + 1] = 4;
  at = putUint32(block, at + 2, head.deliveryId);
  block[at] = 0x43; // message-format 0
  block[at + 1] = head.settled ? TRUE : FALSE;
  block[at + 2] = head.more ? TRUE : FALSE;
  return at + 3;
}

/** A delivery state that has no fields, as a disposition holds it. */
export const ACCEPTED_STATE: Uint8Array = Uint8Array.of(0x00, 0x53, 0x24, 0x45);
/** See {@link ACCEPTED_STATE}. */
export const RELEASED_STATE: Uint8Array = Uint8Array.of(0x00, 0x53, 0x26, 0x45);

const DISPOSITION_HEAD_MAX = 40;

/**
 * Writes a disposition.
 * @param isReceiver whether we are the receiver of the deliveries
 * @param state the described delivery state; undefined for none
 */
export function writeDisposition(
  output: Output,
  channel: number,
  isReceiver: boolean,
  first: number,
  last: number,
  settled: boolean,
  state: Uint8Array | undefined,
): void {
  const stateBytes = state === undefined ? 1 : state.length;
  const fields = 1 + 5 + 5 + 1 + stateBytes;
  const wide = fields + 1 > 255;
  const size = 8 + 3 + (wide ? 9 : 3) + fields;
  const block = output.reserve(DISPOSITION_HEAD_MAX + (stateBytes > 1_024 ? 0 : stateBytes));
  let at = putFrameHead(block, output.used, size, channel);
  block[at] = 0x00;
  block[at + 1] = 0x53;
  block[at + 2] = 0x15;
  at += 3;
  if (wide) {
    block[at] = 0xd0;
    putUint32(block, at + 1, fields + 4);
    at = putUint32(block, at + 5, 5);
  } else {
    block[at] = 0xc0;
    block[at + 1] = fields + 1;
    block[at + 2] = 5;
    at += 3;
  }
  block[at] = isReceiver ? TRUE : FALSE;
  at = putUint(block, putUint(block, at + 1, first), last);
  block[at++] = settled ? TRUE : FALSE;
  if (state === undefined) block[at++] = NULL;
  else if (stateBytes <= 1_024) {
    for (let index = 0; index < stateBytes; index += 1) block[at++] = state[index]!;
  }
  output.used = at;
  if (state !== undefined && stateBytes > 1_024) output.write(state, 0, stateBytes, true);
}

/** What a flow frame of the broker's says of its session. */
export interface SessionFlow {
  channel: number;
  nextIncomingId: number;
  incomingWindow: number;
  nextOutgoingId: number;
  outgoingWindow: number;
}

/**
 * Writes a flow; with a handle also the state of its link.
 * @param handle -1: of the session only
 */
export function writeFlow(
  output: Output,
  session: SessionFlow,
  handle: number,
  deliveryCount: number,
  credit: number,
  drain: boolean,
): void {
  const hasLink = handle >= 0;
  const size = 8 + 3 + 3 + (hasLink ? 7 * 5 + 2 : 4 * 5);
  const block = output.reserve(size);
  let at = putFrameHead(block, output.used, size, session.channel);
  block[at] = 0x00;
  block[at + 1] = 0x53;
  block[at + 2] = 0x13;
  block[at + 3] = 0xc0;
  block[at + 4] = size - 8 - 5;
  block[at + 5] = hasLink ? 9 : 4;
  at = putUint(block, at + 6, session.nextIncomingId);
  at = putUint(block, at, session.incomingWindow);
  at = putUint(block, at, session.nextOutgoingId);
  at = putUint(block, at, session.outgoingWindow);
  if (hasLink) {
    at = putUint(block, at, handle);
    at = putUint(block, at, deliveryCount);
    at = putUint(block, at, credit);
    block[at] = NULL; // available
    block[at + 1] = drain ? TRUE : FALSE;
    at += 2;
  }
  output.used = at;
}

const EMPTY_FRAME: Uint8Array = Uint8Array.of(0, 0, 0, 8, 2, 0, 0, 0);

/** Writes an empty frame: a sign of life. [AMQP 2.4.5] */
export function writeEmptyFrame(output: Output): void {
  output.write(EMPTY_FRAME, 0, EMPTY_FRAME.length, false);
}
