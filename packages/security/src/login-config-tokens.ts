import { BrokerError } from "@tsapollo/domain";

/** A word (bare or quoted), one of the signs of the grammar, or the end of the text. */
export interface Token {
  readonly kind: "word" | "{" | "}" | ";" | "=" | "end";
  readonly text: string;
  /** Where it begins, both from 1. */
  readonly line: number;
  readonly column: number;
}

/** Longest login configuration that is read, in characters. */
const TEXT_CHARS_MAX = 1_048_576;

const SIGNS = "{};=";
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
]);

/** Cuts a login configuration into tokens, one ahead; knows where each stands. [instance 13.2] */
export class LoginConfigTokens {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #next: Token | undefined;

  /** @throws BrokerError BAD_CONFIGURATION when the text is too long to be a login configuration */
  constructor(text: string) {
    if (text.length > TEXT_CHARS_MAX) {
      throw new BrokerError(
        "BAD_CONFIGURATION",
        `The login configuration has ${text.length} characters; at most ${TEXT_CHARS_MAX} are read`,
      );
    }
    this.#text = text;
  }

  /** The token that comes next; it stays. */
  peek(): Token {
    this.#next ??= this.#read();
    return this.#next;
  }

  /** Takes a word; `what` says what it should be. */
  word(what: string): Token {
    return this.#take("word", what);
  }

  /** Takes a sign. */
  sign(kind: "{" | "}" | ";" | "="): void {
    this.#take(kind, `'${kind}'`);
  }

  /** An error that tells where. */
  error(at: { readonly line: number; readonly column: number }, text: string): BrokerError {
    return new BrokerError(
      "BAD_CONFIGURATION",
      `login configuration, line ${at.line}, column ${at.column}: ${text}`,
    );
  }

  #take(kind: Token["kind"], what: string): Token {
    const token = this.peek();
    if (token.kind !== kind) {
      const found = token.kind === "end" ? "the end of the file" : `'${token.text}'`;
      throw this.error(token, `expected ${what}, found ${found}`);
    }
    this.#next = undefined;
    return token;
  }

  #read(): Token {
    this.#skipBlanks();
    const line = this.#line;
    const column = this.#at - this.#lineStart + 1;
    const first = this.#text[this.#at];
    if (first === undefined) return { kind: "end", text: "", line, column };
    if (SIGNS.includes(first)) {
      this.#at += 1;
      return { kind: first as "{" | "}" | ";" | "=", text: first, line, column };
    }
    const text = first === '"' ? this.#quoted({ line, column }) : this.#bare();
    return { kind: "word", text, line, column };
  }

  #skipBlanks(): void {
    for (;;) {
      if (/\s/.test(this.#text[this.#at] ?? "")) this.#step();
      else if (this.#text.startsWith("//", this.#at)) {
        while (this.#at < this.#text.length && this.#text[this.#at] !== "\n") this.#at += 1;
      } else if (this.#text.startsWith("/*", this.#at)) this.#skipBlock();
      else return;
    }
  }

  #skipBlock(): void {
    const start = { line: this.#line, column: this.#at - this.#lineStart + 1 };
    const end = this.#text.indexOf("*/", this.#at + 2);
    if (end === -1) throw this.error(start, "a comment that begins with /* does not end");
    while (this.#at < end + 2) this.#step();
  }

  #quoted(start: { readonly line: number; readonly column: number }): string {
    let value = "";
    this.#at += 1;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined || character === "\n") throw this.error(start, "a quote does not end");
      this.#at += 1;
      if (character === '"') return value;
      if (character !== "\\") {
        value += character;
        continue;
      }
      const escaped = this.#text[this.#at];
      if (escaped === undefined || escaped === "\n") throw this.error(start, "a quote does not end");
      value += ESCAPES.get(escaped) ?? escaped;
      this.#at += 1;
    }
  }

  #bare(): string {
    const start = this.#at;
    let braces = 0; // a bare value may hold ${…}
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at]!;
      if (character === "{" && this.#at > start && this.#text[this.#at - 1] === "$") braces += 1;
      else if (character === "}" && braces > 0) braces -= 1;
      else if (/[\s{};="]/.test(character)) break;
      else if (this.#text.startsWith("//", this.#at) || this.#text.startsWith("/*", this.#at)) break;
    }
    return this.#text.slice(start, this.#at);
  }

  #step(): void {
    if (this.#text[this.#at] === "\n") {
      this.#line += 1;
      this.#lineStart = this.#at + 1;
    }
    this.#at += 1;
  }
}
