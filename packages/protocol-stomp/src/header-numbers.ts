import { BrokerError } from "@tsapollo/domain";
import type { StompFrame } from "@tsapollo/stomp-parser";

/** Longest number that is read: within the integers that a JavaScript number holds exactly. */
const DIGITS_MAX = 15;

/**
 * The value of a header line as an integer; `fallback` without the header.
 * @param index which header line, -1 for none
 * @throws BrokerError PROTOCOL_VIOLATION when it is not one [messaging 15.4]
 */
export function headerInteger(frame: StompFrame, index: number, name: string, fallback: number): number {
  if (index === -1) return fallback;
  const { bytes } = frame;
  const end = frame.valueEnd(index);
  const start = frame.valueStart(index);
  const first = bytes[start] === 0x2d ? start + 1 : start;
  let number = 0;
  let valid = end > first && end - first <= DIGITS_MAX;
  for (let at = first; valid && at < end; at += 1) {
    const digit = bytes[at]! - 0x30;
    valid = digit >= 0 && digit <= 9;
    number = number * 10 + digit;
  }
  if (!valid) {
    const text = `Internal Server Error: the ${name} header is not an integer: '${frame.value(index)}'`;
    throw new BrokerError("PROTOCOL_VIOLATION", text);
  }
  return first === start ? number : -number;
}

/** Whether a header says `true`. */
export function headerIsTrue(frame: StompFrame, index: number): boolean {
  if (index === -1) return false;
  const start = frame.valueStart(index);
  const { bytes } = frame;
  return (
    frame.valueEnd(index) - start === 4 &&
    bytes[start] === 0x74 &&
    bytes[start + 1] === 0x72 &&
    bytes[start + 2] === 0x75 &&
    bytes[start + 3] === 0x65
  );
}

/** Writes a non-negative integer in decimal digits; returns the offset behind it. */
export function writeDecimal(target: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits += 1;
  let rest = value;
  for (let index = at + digits - 1; index >= at; index -= 1) {
    const higher = Math.floor(rest / 10);
    target[index] = 0x30 + (rest - higher * 10);
    rest = higher;
  }
  return at + digits;
}

/** Most bytes that {@link writeDecimal} writes. */
export const DECIMAL_MAX = 17;
