import { ANY_CHILD, ANY_DESCENDANT, type PathPart, regexChild } from "./address.ts";
import { BrokerError } from "./errors.ts";

/**
 * How one protocol, or the configuration, spells the path of a destination. [messaging 2.3]
 * A protocol without regular expressions leaves `regexStart` and `regexEnd` undefined.
 */
export interface PathSyntax {
  readonly separator: string;
  readonly anyChild: string;
  readonly anyDescendant: string;
  readonly regexStart?: string;
  readonly regexEnd?: string;
  /** What a literal part, but for a `$` before it, must match entirely; undefined means any text. Implies percent encoding. */
  readonly partPattern?: RegExp;
}

/** The syntax of configuration ids, and the default of STOMP and AMQP. */
export const NEUTRAL_SYNTAX: PathSyntax = Object.freeze({
  separator: ".",
  anyChild: "*",
  anyDescendant: "**",
  regexStart: "{",
  regexEnd: "}",
  partPattern: /^[ a-zA-Z0-9_\-%~:()]+$/,
});

/** May stand before a literal part whatever its pattern: so begin the names that are the broker's own, as `$SYS`. */
const RESERVED_START = "$";

/** Levels of a name, beyond which it is refused. */
const LEVELS_MAX = 1_000;

/**
 * Reads a path. Trailing empty parts vanish when parts are restricted by a pattern (`a.` is `a`) and are kept
 * otherwise, so that `a/` and `a` stay distinct where a protocol says so. [messaging 2.4, quirks 2 and 3 mended]
 * @throws BrokerError BAD_ADDRESS when a literal part has characters that must be percent-encoded
 */
export function parsePath(text: string, syntax: PathSyntax): PathPart[] {
  const texts = text.split(syntax.separator);
  if (syntax.partPattern !== undefined) {
    while (texts.length > 1 && texts[texts.length - 1] === "") texts.pop();
  }
  if (texts.length > LEVELS_MAX) {
    throw new BrokerError("BAD_ADDRESS", `Invalid destination: it has more than ${LEVELS_MAX} levels`);
  }
  return texts.map((part) => parsePart(part, syntax));
}

function parsePart(text: string, syntax: PathSyntax): PathPart {
  if (text === syntax.anyChild) return ANY_CHILD;
  if (text === syntax.anyDescendant) return ANY_DESCENDANT;
  if (hasExpression(text, syntax)) return parseExpression(text, syntax);
  return parseLiteral(text, syntax);
}

function hasExpression(text: string, syntax: PathSyntax): boolean {
  const { regexStart, regexEnd } = syntax;
  if (regexStart === undefined || regexEnd === undefined) return false;
  const start = text.indexOf(regexStart);
  if (start !== -1 && text.indexOf(regexEnd, start + regexStart.length) !== -1) return true;
  return text.includes(syntax.anyChild);
}

function parseExpression(text: string, syntax: PathSyntax): PathPart {
  const start = syntax.regexStart!;
  const end = syntax.regexEnd!;
  let source = "";
  let rest = text;
  while (rest !== "") {
    const group = rest.indexOf(start);
    const glob = rest.indexOf(syntax.anyChild);
    const groupEnd = group === -1 ? -1 : rest.indexOf(end, group + start.length);
    if (groupEnd !== -1 && (glob === -1 || group < glob)) {
      source += quoted(rest.slice(0, group), syntax) + rest.slice(group + start.length, groupEnd);
      rest = rest.slice(groupEnd + end.length);
    } else if (glob !== -1) {
      source += `${quoted(rest.slice(0, glob), syntax)}.*?`;
      rest = rest.slice(glob + syntax.anyChild.length);
    } else {
      source += quoted(rest, syntax);
      rest = "";
    }
  }
  try {
    return regexChild(source);
  } catch (cause) {
    throw new BrokerError("BAD_ADDRESS", `Invalid destination: '${text}' is not a regular expression`, {
      cause,
    });
  }
}

function quoted(text: string, syntax: PathSyntax): string {
  if (text === "") return "";
  return parseLiteral(text, syntax).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function parseLiteral(text: string, syntax: PathSyntax): string {
  if (syntax.partPattern === undefined) return text;
  if (!syntax.partPattern.test(text.startsWith(RESERVED_START) ? text.slice(1) : text)) {
    const pattern = syntax.partPattern.source.replace(/^\^|\$$/g, "");
    throw new BrokerError(
      "BAD_ADDRESS",
      `Invalid destination: '${text}', it does not match regex: ${pattern}`,
    );
  }
  return text.includes("%") ? percentDecode(text) : text;
}

function percentDecode(text: string): string {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const hex = text[at] === "%" ? text.slice(at + 1, at + 3) : "";
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    } else {
      bytes.push(text.charCodeAt(at)); // the part pattern lets only ASCII through
    }
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** Writes a path in a protocol's spelling: the inverse of {@link parsePath}. */
export function formatPath(path: readonly PathPart[], syntax: PathSyntax): string {
  return path.map((part) => formatPart(part, syntax)).join(syntax.separator);
}

function formatPart(part: PathPart, syntax: PathSyntax): string {
  if (typeof part === "string") {
    if (syntax.partPattern === undefined) return part;
    const isReserved = part.length > 1 && part.startsWith(RESERVED_START);
    if (!isReserved) return percentEncode(part, syntax.partPattern);
    return RESERVED_START + percentEncode(part.slice(1), syntax.partPattern);
  }
  if (part.match === "child") return syntax.anyChild;
  if (part.match === "descendants") return syntax.anyDescendant;
  return `${syntax.regexStart ?? "{"}${part.source}${syntax.regexEnd ?? "}"}`;
}

function percentEncode(literal: string, allowed: RegExp): string {
  let encoded = "";
  for (const byte of new TextEncoder().encode(literal)) {
    const character = String.fromCharCode(byte);
    const plain = byte < 0x80 && character !== "%" && allowed.test(character);
    encoded += plain ? character : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return encoded;
}
