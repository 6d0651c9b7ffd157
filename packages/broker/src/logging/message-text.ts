/**
 * The message of an event as a person reads it: `event key=value key="some text"`. Only the event's own fields are
 * printed; what `child()` bound is context, which the JSON form carries, all but the peer: a line that does not name
 * it gets ` remote=address`, for nobody could tell whom it is about. An event without further fields prints nothing but
 * itself, so the documented lines come out exactly. [instance 16, 17]
 */
import type { LogFields } from "@tsapollo/domain";

/** Longest message of a line, in characters; the rest is cut. */
export const MESSAGE_CHARS_MAX = 8_192;

/** `code` classifies an event for programs, `stackref` is printed by `%X{stackref}`. */
const UNTOLD: ReadonlySet<string> = new Set(["code", "stackref"]);

/** The peer that `child()` bound, out of an event's JSON line; undefined when none was. */
export function boundRemote(json: string): string | undefined {
  return /"remote":"([^"\\]+)"/.exec(json)?.[1];
}

/** The event and its fields in one line of bounded length, whatever they hold. `remote` is the peer it is about. */
export function messageText(fields: LogFields, event: string, remote?: string): string {
  let text = event;
  for (const key of Object.keys(fields)) {
    if (UNTOLD.has(key)) continue;
    const value = valueText(fields[key], event);
    if (value !== undefined) text += ` ${key}=${value}`;
  }
  if (remote !== undefined && !text.includes(remote)) text += ` remote=${remote}`;
  return oneLine(text);
}

/** undefined: there is nothing to tell. */
function valueText(value: unknown, event: string): string | undefined {
  if (value === undefined || typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value === "string") return quoted(value);
  if (value instanceof Error) return errorText(value, event);
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  return typeof value === "object" && value !== null ? json(value) : String(value);
}

/** An error's message, unless the event tells it already: `STOMP connection '…' error: broken pipe`. */
function errorText(error: Error, event: string): string | undefined {
  const text = error.message === "" ? error.name : error.message;
  return event.includes(text) ? undefined : quoted(text);
}

function quoted(text: string): string {
  return text === "" || /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

function json(value: object): string {
  try {
    return (
      JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? String(part) : part)) ?? "{}"
    );
  } catch {
    return "<unprintable>"; // a circle, or a toJSON that throws: a log line must not
  }
}

/** What a stranger sent must neither break the lines of a log nor fill it. */
function oneLine(text: string): string {
  const cut = text.length > MESSAGE_CHARS_MAX ? `${text.slice(0, MESSAGE_CHARS_MAX)}…` : text;
  return cut.replace(/[\p{Cc}\u2028\u2029]/gu, escaped);
}

function escaped(char: string): string {
  if (char === "\t") return char;
  if (char === "\n") return "\\n";
  return char === "\r" ? "\\r" : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
