import { Expression } from "./expression.ts";

/** The three independent name spaces of a virtual host; `dsub` is a durable subscription. */
export type DestinationKind = "queue" | "topic" | "dsub";

/** A part of a pattern: exactly one part, any number of remaining parts, or one part matching an expression. */
export type Wildcard =
  | { readonly match: "child" }
  | { readonly match: "descendants" }
  | { readonly match: "regex"; readonly source: string; readonly expression: Expression };

/** One level of a name: decoded literal text, or a wildcard. */
export type PathPart = string | Wildcard;

/** Exactly one part, whatever it says. */
export const ANY_CHILD: Wildcard = Object.freeze({ match: "child" });

/** The node reached so far and everything below it. */
export const ANY_DESCENDANT: Wildcard = Object.freeze({ match: "descendants" });

/**
 * The parsed, protocol-neutral name of a destination, or of many when it contains wildcards. Every protocol's
 * spelling of one name becomes the same `id`; two addresses with equal `key` are the same name.
 */
export class Address {
  /** The name space. */
  readonly kind: DestinationKind;
  /** The levels of the name, literals decoded. */
  readonly path: readonly PathPart[];
  /** Canonical text without the kind, as used in access rules, REST and storage: `a.b`, `so\dcool`. */
  readonly id: string;
  /** Whether it may stand for several destinations. */
  readonly isPattern: boolean;
  /** Made when it is asked for: there may be a million of them that nobody asks. */
  #key: string | undefined = undefined;

  constructor(kind: DestinationKind, path: readonly PathPart[]) {
    this.kind = kind;
    this.path = path;
    this.id = pathId(path);
    this.isPattern = path.some((part) => typeof part !== "string");
  }

  /** Canonical text with the kind: `queue:a.b`. Unique in a virtual host. */
  get key(): string {
    this.#key ??= `${this.kind}:${this.id}`;
    return this.#key;
  }
}

/** The canonical text of a path: parts joined with `.`, special characters in literals escaped. */
export function pathId(path: readonly PathPart[]): string {
  return path.map(partId).join(".");
}

function partId(part: PathPart): string {
  if (typeof part === "string") return escapeLiteral(part);
  if (part.match === "child") return "*";
  if (part.match === "descendants") return "**";
  return `*${escapeLiteral(part.source)}`;
}

const PLAIN_LITERAL = /^[\x20-\x29\x2b-\x2d\x2f-\x5b\x5d-\x7e]*$/;

function escapeLiteral(text: string): string {
  if (PLAIN_LITERAL.test(text)) return text;
  let escaped = "";
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x5c) escaped += "\\\\";
    else if (unit === 0x2e) escaped += "\\d";
    else if (unit === 0x2a) escaped += "\\w";
    else if (unit < 0x20 || unit > 0x7e) escaped += `\\u${unit.toString(16).padStart(4, "0")}`;
    else escaped += text[at];
  }
  return escaped;
}

/** Reads a canonical id back: the inverse of {@link pathId}. */
export function parseId(id: string): PathPart[] {
  return id.split(".").map((part) => {
    if (part === "*") return ANY_CHILD;
    if (part === "**") return ANY_DESCENDANT;
    if (part.startsWith("*")) return regexChild(unescapeLiteral(part.slice(1)));
    return unescapeLiteral(part);
  });
}

function unescapeLiteral(text: string): string {
  return text.replace(/\\(\\|d|w|u([0-9a-f]{4}))/g, (_all, what: string, hex: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return what === "d" ? "." : what === "w" ? "*" : "\\";
  });
}

/**
 * A part that matches one literal entirely by a regular expression.
 * @throws BrokerError BAD_ADDRESS when it is none; see {@link Expression}
 */
export function regexChild(source: string): Wildcard {
  return { match: "regex", source, expression: new Expression(source) };
}

/**
 * Whether a pattern, as it stands in configuration and access rules, covers a name. Unlike in subscriptions the
 * descendants wildcard needs at least one remaining part: `a.**` covers `a.b` but not `a`. [messaging 2.5 C]
 */
export function filterMatches(filter: readonly PathPart[], path: readonly PathPart[]): boolean {
  for (let at = 0; at < filter.length; at += 1) {
    const part = filter[at]!;
    if (at >= path.length) return false;
    if (typeof part !== "string" && part.match === "descendants") return true;
    const name = path[at]!;
    if (typeof part === "string") {
      if (part !== name) return false;
    } else if (part.match === "regex") {
      if (typeof name !== "string" || !part.expression.matches(name)) return false;
    }
  }
  return filter.length === path.length;
}
