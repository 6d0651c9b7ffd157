import { BrokerError } from "@tsapollo/domain";
import { formatMemorySize, parseMemorySize } from "./memory-size.ts";
import { compileJavaRegex } from "./regex.ts";

/** A kind of attribute value. */
export interface ValueType<T> {
  /** What may be written, for the reference. */
  readonly title: string;
  /** @throws BrokerError BAD_CONFIGURATION saying what is wrong with the text and what would be right */
  parse(text: string): T;
  /** How the reference shows a value. */
  format(value: T): string;
}

function wrong(text: string, expected: string): BrokerError {
  return new BrokerError("BAD_CONFIGURATION", `'${text}' is not ${expected}`);
}

/** Any text. */
export const TEXT: ValueType<string> = {
  title: "text",
  parse: (text) => text,
  format: (value) => value,
};

/** Text with at least one character that is not blank; blanks around it are dropped. */
export const NAME: ValueType<string> = {
  title: "text, not empty",
  parse: (text) => {
    const trimmed = text.trim();
    if (trimmed === "") throw wrong(text, "a usable value; write something that is not empty");
    return trimmed;
  },
  format: (value) => value,
};

/** Text; empty means none. */
export const TEXT_OR_NONE: ValueType<string | undefined> = {
  title: "text; empty: none",
  parse: (text) => (text === "" ? undefined : text),
  format: (value) => value ?? "none",
};

/** `true` or `false`, also `1` or `0`. [instance 5.1] */
export const FLAG: ValueType<boolean> = {
  title: "`true` or `false`",
  parse: (text) => {
    const word = text.trim().toLowerCase();
    if (word === "true" || word === "1") return true;
    if (word === "false" || word === "0") return false;
    throw wrong(text, "a flag; write true or false");
  },
  format: String,
};

/** A whole number within bounds. */
export function count(min: number, max: number): ValueType<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} up` : `from ${min} to ${max}`;
  return {
    title: `whole number ${range}`,
    parse: (text) => {
      const value = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      throw wrong(text, `a whole number ${range}`);
    },
    format: String,
  };
}

/** A whole number; negative means no limit. */
export const COUNT_OR_NONE: ValueType<number | undefined> = {
  title: "whole number; negative: no limit",
  parse: (text) => {
    const value = count(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).parse(text);
    return value < 0 ? undefined : value;
  },
  format: (value) => (value === undefined ? "no limit" : String(value)),
};

/** How much of something, in bytes, at least `min`. [instance 5.3] */
export function memorySize(min: number): ValueType<number> {
  return {
    title: min === 0 ? "memory size" : `memory size from ${formatMemorySize(min)} up`,
    parse: (text) => {
      const bytes = parseMemorySize(text);
      if (bytes < min) throw wrong(text, `enough; write a memory size from ${formatMemorySize(min)} up`);
      return bytes;
    },
    format: formatMemorySize,
  };
}

/** A memory size; negative means none. [instance 5.3] */
export const MEMORY_SIZE_OR_NONE: ValueType<number | undefined> = {
  title: "memory size; negative: none",
  parse: (text) => {
    const bytes = parseMemorySize(text);
    return bytes < 0 ? undefined : bytes;
  },
  format: (value) => (value === undefined ? "none" : formatMemorySize(value)),
};

/** One of some words, in any case. */
export function oneOf<T extends string>(...words: readonly T[]): ValueType<T> {
  return {
    title: words.map((word) => `\`${word}\``).join(", "),
    parse: (text) => {
      const wanted = text.trim().toLowerCase();
      const found = words.find((word) => word.toLowerCase() === wanted);
      if (found === undefined) throw wrong(text, `one of ${words.join(", ")}`);
      return found;
    },
    format: (value) => value,
  };
}

/** Words separated by blanks; none of them means everything. */
export const WORDS_OR_ALL: ValueType<readonly string[] | undefined> = {
  title: "words separated by blanks",
  parse: (text) => {
    const words = splitWords(text);
    return words.length === 0 ? undefined : words;
  },
  format: (value) => value?.join(" ") ?? "all",
};

/** The words of a text. */
export function splitWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** A Java regular expression, matched anywhere (`part`) or against the whole text. */
export function regex(match: "part" | "whole"): ValueType<RegExp | undefined> {
  return {
    title: match === "whole" ? "regular expression for the whole text" : "regular expression, found anywhere",
    parse: (text) => compileJavaRegex(text, match === "whole"),
    format: (value) => value?.source ?? "none",
  };
}
