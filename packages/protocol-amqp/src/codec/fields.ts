import { decodeError } from "../conditions.ts";

/** @throws AmqpError decode-error when it is no text */
export function text(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw decodeError(`The field '${name}' is missing or no text`);
}

/** @throws AmqpError decode-error when it is something else than a text */
export function optionalText(value: unknown, name: string): string | undefined {
  return value === undefined || value === null ? undefined : text(value, name);
}

const UINT_MAX = 0xffff_ffff;

/** @throws AmqpError decode-error when it is no unsigned int, or missing without a fallback */
export function number(value: unknown, name: string, fallback?: number): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= UINT_MAX)
    return value as number;
  if ((value === undefined || value === null) && fallback !== undefined) return fallback;
  throw decodeError(`The field '${name}' is missing or no unsigned int`);
}

/** @throws AmqpError decode-error when it is neither a symbol nor an array of symbols */
export function symbols(value: unknown, name: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw decodeError(`The field '${name}' holds something else than symbols`);
}
