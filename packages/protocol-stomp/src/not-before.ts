import { BrokerError } from "@tsapollo/domain";
import { bytesEqual, HEADER, type StompFrame } from "@tsapollo/stomp-parser";
import { headerInteger } from "./header-numbers.ts";

const DELAY = Buffer.from("delay");
const NOT_BEFORE = Buffer.from("not-before");

/**
 * When a SEND wants to be delivered: `not-before`, milliseconds since the epoch, or `delay`, milliseconds from now;
 * with both, `not-before` counts, as `expires` does before `ttl`. 0 means at once.
 * @throws BrokerError PROTOCOL_VIOLATION when one that counts is not an integer from 0 upward
 */
export function readNotBefore(frame: StompFrame, nowMs: number): number {
  if (!hasOthers(frame)) return 0;
  let delay = -1;
  let notBefore = -1;
  for (let index = frame.headerCount - 1; index >= 0; index -= 1) {
    const start = frame.nameStart(index);
    const end = frame.nameEnd(index);
    const size = end - start;
    if (size === DELAY.length && bytesEqual(frame.bytes, start, end, DELAY)) delay = index;
    else if (size === NOT_BEFORE.length && bytesEqual(frame.bytes, start, end, NOT_BEFORE)) notBefore = index;
  }
  if (notBefore !== -1) return momentOf(frame, notBefore, "not-before");
  if (delay === -1) return 0;
  const delayMs = momentOf(frame, delay, "delay");
  return delayMs === 0 ? 0 : nowMs + delayMs;
}

/** Whether there are headers besides the usual ones: a look that is cheap, for messages without a time are many. */
function hasOthers(frame: StompFrame): boolean {
  let usual = 1; // a SEND has a destination
  if (frame.indexOf(HEADER.contentLength) !== -1) usual += 1;
  if (frame.indexOf(HEADER.contentType) !== -1) usual += 1;
  if (frame.indexOf(HEADER.messageId) !== -1) usual += 1;
  if (frame.indexOf(HEADER.receipt) !== -1) usual += 1;
  if (frame.indexOf(HEADER.persistent) !== -1) usual += 1;
  return frame.headerCount > usual;
}

function momentOf(frame: StompFrame, index: number, name: string): number {
  const value = headerInteger(frame, index, name, 0);
  if (value >= 0) return value;
  const text = `Internal Server Error: the ${name} header is negative: '${frame.value(index)}'`;
  throw new BrokerError("PROTOCOL_VIOLATION", text);
}
