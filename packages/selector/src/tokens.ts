import { quoted, SelectorError } from "./errors.ts";
import { digitsEnd, isDigit } from "./number-text.ts";

/** The words that are no names, in any mix of cases. [messaging 14.1] */
const KEYWORDS: ReadonlySet<string> = new Set(
  "NOT AND OR BETWEEN LIKE ESCAPE IN IS TRUE FALSE NULL XPATH XQUERY".split(" "),
);
const KEYWORD_LENGTH_MAX = 7;

/** The signs, longer ones first so that `<=` is not read as `<`. */
const SYMBOLS: readonly string[] = ["<>", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ","];

/** What a token is; `end` follows the last one. */
export type TokenKind = "name" | "keyword" | "symbol" | "text" | "integer" | "decimal" | "end";

/** A word of a selector. */
export interface Token {
  readonly kind: TokenKind;
  /** Name, symbol, the keyword in capitals, the text without quotes, the number as {@link Number} reads it. */
  readonly text: string;
  /** Where it begins and ends in the selector's text. */
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a selector into tokens, from `start`; comments and white space are dropped. [messaging 14.1]
 * @throws SelectorError for a character no token begins with, and for what is opened and never closed
 */
export function tokenize(text: string, start: number, hyphenatedNames: boolean): Token[] {
  const tokens: Token[] = [];
  let at = skipBlank(text, start);
  while (at < text.length) {
    const token = tokenAt(text, at, hyphenatedNames);
    tokens.push(token);
    at = skipBlank(text, token.end);
  }
  tokens.push({ kind: "end", text: "", start: text.length, end: text.length });
  return tokens;
}

function tokenAt(text: string, start: number, hyphenatedNames: boolean): Token {
  const code = text.charCodeAt(start);
  if (isNameStart(code)) return wordAt(text, start, hyphenatedNames);
  if (isDigit(code) || (code === 0x2e && isDigit(text.charCodeAt(start + 1)))) return numberAt(text, start);
  if (code === 0x27) return textAt(text, start);
  for (const symbol of SYMBOLS) {
    if (text.startsWith(symbol, start)) {
      return { kind: "symbol", text: symbol, start, end: start + symbol.length };
    }
  }
  const found = String.fromCodePoint(text.codePointAt(start) ?? 0);
  const advice = "names begin with a letter, _ or $; texts stand in single quotes";
  throw new SelectorError("SYNTAX", start, `${quoted(found)} means nothing`, advice);
}

function wordAt(text: string, start: number, hyphenatedNames: boolean): Token {
  let end = start + 1;
  while (end < text.length && isNamePart(text.charCodeAt(end), hyphenatedNames)) end++;
  const word = text.slice(start, end);
  const capitals = word.length <= KEYWORD_LENGTH_MAX ? word.toUpperCase() : word;
  if (KEYWORDS.has(capitals)) return { kind: "keyword", text: capitals, start, end };
  return { kind: "name", text: word, start, end };
}

function textAt(text: string, start: number): Token {
  let close = text.indexOf("'", start + 1);
  while (close !== -1 && text[close + 1] === "'") close = text.indexOf("'", close + 2);
  if (close === -1) {
    const advice = "close it with a single quote, and double the quotes inside it";
    throw new SelectorError("SYNTAX", start, "The text that begins", `never ends; ${advice}`);
  }
  const value = text.slice(start + 1, close).replaceAll("''", "'");
  return { kind: "text", text: value, start, end: close + 1 };
}

/** Floats first: `010.5` is one number, though `010` alone is octal. */
function numberAt(text: string, start: number): Token {
  let end = digitsEnd(text, start);
  const whole = text.slice(start, end);
  if (text[end] === ".") {
    end = exponentEnd(text, digitsEnd(text, end + 1));
    return { kind: "decimal", text: text.slice(start, end), start, end };
  }
  const afterExponent = exponentEnd(text, end);
  if (afterExponent > end) {
    return { kind: "decimal", text: text.slice(start, afterExponent), start, end: afterExponent };
  }
  if (whole === "0" && (text[end] === "x" || text[end] === "X")) return hexAt(text, start);
  if (whole.startsWith("0")) return octal(whole, start, end);
  const suffixed = text[end] === "l" || text[end] === "L";
  return { kind: "integer", text: whole, start, end: suffixed ? end + 1 : end };
}

function hexAt(text: string, start: number): Token {
  let end = start + 2;
  while (end < text.length && /[0-9a-f]/i.test(text.charAt(end))) end++;
  if (end === start + 2) {
    throw new SelectorError("SYNTAX", start, "The hexadecimal number has no digits", "write 0x1F");
  }
  return { kind: "integer", text: `0x${text.slice(start + 2, end)}`, start, end };
}

function octal(whole: string, start: number, end: number): Token {
  if (/[89]/.test(whole)) {
    const advice = "a leading 0 makes it octal, whose digits are 0 to 7; leave the 0 out";
    throw new SelectorError("SYNTAX", start, `${quoted(whole)} is no number`, advice);
  }
  return { kind: "integer", text: `0o${whole}`, start, end };
}

/** Where an exponent ends; `at` when there is none. */
function exponentEnd(text: string, at: number): number {
  if (text[at] !== "e" && text[at] !== "E") return at;
  const digits = text[at + 1] === "+" || text[at + 1] === "-" ? at + 2 : at + 1;
  const end = digitsEnd(text, digits);
  return end === digits ? at : end;
}

function skipBlank(text: string, start: number): number {
  let at = start;
  for (;;) {
    while (at < text.length && isBlank(text.charCodeAt(at))) at++;
    if (text.startsWith("--", at)) {
      at = lineEnd(text, at + 2);
    } else if (text.startsWith("/*", at)) {
      const close = text.indexOf("*/", at + 2);
      if (close === -1) {
        throw new SelectorError("SYNTAX", at, "The comment that begins", "never ends; close it with */");
      }
      at = close + 2;
    } else {
      return at;
    }
  }
}

function lineEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== 0x0a && text.charCodeAt(at) !== 0x0d) at++;
  return at;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d || code === 0x0c;
}

function isNameStart(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a && code < 0x80) || code === 0x5f || code === 0x24;
}

function isNamePart(code: number, hyphenatedNames: boolean): boolean {
  return isNameStart(code) || isDigit(code) || (hyphenatedNames && code === 0x2d);
}
