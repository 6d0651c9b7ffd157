/** Stack traces go to a log of their own; the line that tells of the error points there. [instance 16] */
import { EOL } from "node:os";
import type { LogFields } from "@tsapollo/domain";

/** Longest stack trace of one error, in characters. */
export const TRACE_CHARS_MAX = 16_384;

const CAUSES_MAX = 8;

/** The error whose stack an event brings, in the field `error`, `cause` or `err`. */
export function errorOf(fields: LogFields): Error | undefined {
  for (const key of ["error", "cause", "err"]) {
    const value = fields[key];
    if (value instanceof Error) return value;
  }
  return undefined;
}

/** An error's stack and those of its causes, line ends included. */
export function traceText(error: Error): string {
  let text = stackOf(error);
  let cause = error.cause;
  for (let depth = 0; cause instanceof Error && depth < CAUSES_MAX; depth += 1) {
    text += `\nCaused by: ${stackOf(cause)}`;
    cause = cause.cause;
  }
  if (text.length > TRACE_CHARS_MAX) text = `${text.slice(0, TRACE_CHARS_MAX)}…`;
  return text.split("\n").join(EOL) + EOL;
}

function stackOf(error: Error): string {
  return error.stack ?? `${error.name}: ${error.message}`;
}
