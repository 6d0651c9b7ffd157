/**
 * log4j's conversion patterns: `%d | %-5p | %m | %X{stackref}%n`. Understood are `%d` (also `%d{ISO8601}`), `%p`,
 * `%m`, `%n`, `%c` (also `%c{2}`), `%t`, `%X{stackref}` and `%%`, each with log4j's widths (`%-5p`, `%20c`,
 * `%.30c`). A pattern is compiled once; printing a line walks the pieces. [instance 21.5]
 */
import { EOL } from "node:os";
import { levelLabel } from "./levels.ts";

/** What a pattern can print. */
export interface LogLine {
  readonly timeMs: number;
  /** pino's number of the level. */
  readonly level: number;
  /** Name of the logger. */
  readonly name: string;
  /** The message, one line. */
  readonly text: string;
  /** Points into the stacktrace log; "" for an event without a stack trace. [instance 16] */
  readonly stackref: string;
}

/** Prints one line of a log, line end included if the pattern has it. */
export type LinePattern = (line: LogLine) => string;

type Piece = (line: LogLine) => string;

const CONVERSION = /%(?:(%)|(-)?(\d{1,4})?(?:\.(\d{1,4}))?([a-zA-Z])(?:\{([^}]*)\})?)/g;

/** Compiles a pattern; undefined when something in it is not understood. */
export function compilePattern(pattern: string): LinePattern | undefined {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of pattern.matchAll(CONVERSION)) {
    pieces.push(literal(pattern.slice(end, match.index)));
    end = match.index + match[0].length;
    const piece = match[1] === "%" ? literal("%") : conversion(match[5]!, match[6]);
    if (piece === undefined) return undefined;
    pieces.push(fitted(piece, match[2] === "-", match[3], match[4]));
  }
  const rest = pattern.slice(end);
  pieces.push(literal(rest));
  const leftover = pattern.replace(CONVERSION, "").includes("%");
  return leftover ? undefined : (line) => pieces.map((piece) => piece(line)).join("");
}

function literal(text: string): Piece {
  return () => text;
}

function conversion(letter: string, option: string | undefined): Piece | undefined {
  if (letter === "d") return option === undefined || option === "ISO8601" ? dates() : undefined;
  if (letter === "c") return loggerName(option);
  if (letter === "X") return option === "stackref" ? (line) => line.stackref : undefined;
  if (option !== undefined) return undefined;
  if (letter === "p") return (line) => levelLabel(line.level);
  if (letter === "m") return (line) => line.text;
  if (letter === "n") return () => EOL;
  return letter === "t" ? () => "main" : undefined; // there is one thread
}

/** `%c`, or the last parts of it: `%c{2}`. */
function loggerName(option: string | undefined): Piece | undefined {
  if (option === undefined) return (line) => line.name;
  const parts = Number(option);
  if (!Number.isSafeInteger(parts) || parts < 1) return undefined;
  return (line) => line.name.split(".").slice(-parts).join(".");
}

/** `%-5p`: at least as wide; `%.5p`: at most as wide, cut at the front as log4j does. */
function fitted(piece: Piece, left: boolean, min: string | undefined, max: string | undefined): Piece {
  if (min === undefined && max === undefined) return piece;
  const charsMin = Number(min ?? 0);
  const charsMax = max === undefined ? Number.POSITIVE_INFINITY : Number(max);
  return (line) => {
    const text = piece(line);
    if (text.length > charsMax) return text.slice(text.length - charsMax);
    return left ? text.padEnd(charsMin) : text.padStart(charsMin);
  };
}

/** `yyyy-MM-dd HH:mm:ss,SSS` in the machine's time zone. Lines come in bursts: a second is spelt once. [instance 3.6] */
function dates(): Piece {
  let second = Number.NaN;
  let text = "";
  return ({ timeMs }) => {
    const itsSecond = Math.floor(timeMs / 1_000);
    if (itsSecond !== second) text = dateText(new Date(timeMs));
    second = itsSecond;
    return text + digits(timeMs - itsSecond * 1_000, 3);
  };
}

/** All but the milliseconds. */
function dateText(at: Date): string {
  const day = `${at.getFullYear()}-${digits(at.getMonth() + 1, 2)}-${digits(at.getDate(), 2)}`;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => digits(part, 2)).join(":");
  return `${day} ${time},`;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}
