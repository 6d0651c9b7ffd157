import { BrokerError } from "@tsapollo/domain";

const UNITS = ["k", "m", "g", "t", "p", "e"] as const;
const PATTERN = /^\s*(-?\d+)(?:([kmgtpe])(i?b)?|b)?\s*$/i;
const BYTES_MAX = 2 ** 63;

/**
 * Reads a memory size: a whole number of bytes, or one with a unit. `k`, `kib` and so on count in 1024s, `kb` and
 * so on in 1000s, in any case. Beyond 2^53 the result is the nearest number there is. [instance 5.3]
 * @throws BrokerError BAD_CONFIGURATION when it is none
 */
export function parseMemorySize(text: string): number {
  const match = PATTERN.exec(text);
  if (match === null) throw notASize(text);
  const unit =
    match[2] === undefined ? 0 : UNITS.indexOf(match[2].toLowerCase() as (typeof UNITS)[number]) + 1;
  const base = match[3]?.toLowerCase() === "b" ? 1_000 : 1_024;
  const bytes = Number(match[1]) * base ** unit;
  if (Math.abs(bytes) >= BYTES_MAX) throw notASize(text);
  return bytes === 0 ? 0 : bytes; // never -0
}

function notASize(text: string): BrokerError {
  return new BrokerError(
    "BAD_CONFIGURATION",
    `Could not convert to a memory size: '${text}'; write a whole number of bytes, or one with a unit as in 640k, 100m, 4g`,
  );
}

/** Writes a number of bytes with the largest unit that is exact: `640KiB`, `100MB`, `1023`. [instance 5.3] */
export function formatMemorySize(bytes: number): string {
  if (bytes !== 0 && bytes % 1_024 === 0)
    return withUnit(bytes, 1_024, ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]);
  if (bytes !== 0 && bytes % 1_000 === 0) return withUnit(bytes, 1_000, ["kB", "MB", "GB", "TB", "PB", "EB"]);
  return String(bytes);
}

function withUnit(bytes: number, base: number, names: readonly string[]): string {
  let value = bytes / base;
  let unit = 0;
  while (value % base === 0 && unit < names.length - 1) {
    value /= base;
    unit += 1;
  }
  return `${value}${names[unit]}`;
}
