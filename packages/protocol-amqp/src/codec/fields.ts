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

/** @throws AmqpError decode-error when it is no unsigned number, or missing without a fallback */
export function number(value: unknown, name: string, fallback?: number): number {
  if (typeof value === "number" && value >= 0) return value;
  if ((value === undefined || value === null) && fallback !== undefined) return fallback;
  throw decodeError(`The field '${name}' is missing or no unsigned number`);
}

/** @throws AmqpError decode-error when it is neither a symbol nor an array of symbols */
export function symbols(value: unknown, name: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw decodeError(`The field '${name}' holds something else than symbols`);
}
