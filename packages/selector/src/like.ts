/**
 * LIKE patterns. A pattern is cut at its `%`: the first run must begin the text, the last must end it, and those
 * between are searched from left to right, each where it first occurs. Nothing is ever tried twice, so the cost is
 * the text's length times the longest searched run; the parser limits that run where `_` keeps it from being
 * found by a plain search for text.
 */

/** Whether a text is like a pattern. */
export type LikeMatcher = (text: string) => boolean;

/** `_` among the code points of a run. */
const ANY_CHARACTER = -1;

/** A pattern cut at its `%`. Characters are code points, so that `_` takes an emoji as one. */
interface Pattern {
  readonly runs: readonly (readonly number[])[];
  readonly hasAnyCharacter: boolean;
  readonly endsEscaping: boolean;
}

/** What the parser must know of a pattern before it accepts it. */
export interface PatternFacts {
  /** Characters of the longest run that is searched step by step; 0 when there is none. */
  readonly searchedRunLength: number;
  /** Whether the last character escapes nothing. */
  readonly endsEscaping: boolean;
}

/** Looks at a pattern without compiling it. */
export function inspectPattern(pattern: string, escaper: string | undefined): PatternFacts {
  const { runs, hasAnyCharacter, endsEscaping } = readPattern(pattern, escaper);
  let searchedRunLength = 0;
  if (hasAnyCharacter) {
    for (const run of runs.slice(1, -1)) searchedRunLength = Math.max(searchedRunLength, run.length);
  }
  return { searchedRunLength, endsEscaping };
}

/** The matcher for a pattern: `%` is any run of characters, `_` exactly one. [messaging 14.1] */
export function compileLike(pattern: string, escaper: string | undefined): LikeMatcher {
  const { runs, hasAnyCharacter } = readPattern(pattern, escaper);
  if (hasAnyCharacter) return matcherOfCharacters(runs.map((run) => Int32Array.from(run)));
  return matcherOfTexts(runs.map((run) => textOf(run)));
}

function readPattern(pattern: string, escaper: string | undefined): Pattern {
  let run: number[] = [];
  const runs: number[][] = [run];
  let hasAnyCharacter = false;
  let escaped = false;
  for (const character of pattern) {
    if (escaped) {
      run.push(character.codePointAt(0)!);
      escaped = false;
    } else if (character === escaper) {
      escaped = true;
    } else if (character === "%") {
      run = [];
      runs.push(run);
    } else if (character === "_") {
      run.push(ANY_CHARACTER);
      hasAnyCharacter = true;
    } else {
      run.push(character.codePointAt(0)!);
    }
  }
  return { runs, hasAnyCharacter, endsEscaping: escaped };
}

function matcherOfTexts(runs: readonly string[]): LikeMatcher {
  const first = runs[0]!;
  const last = runs[runs.length - 1]!;
  if (runs.length === 1) return (text) => text === first;
  const between = runs.slice(1, -1).filter((run) => run !== "");
  const lengthMin = first.length + last.length;
  return (text) => {
    if (text.length < lengthMin || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const run of between) {
      const found = text.indexOf(run, at);
      if (found === -1 || found + run.length > end) return false;
      at = found + run.length;
    }
    return true;
  };
}

function matcherOfCharacters(runs: readonly Int32Array[]): LikeMatcher {
  const first = runs[0]!;
  const last = runs[runs.length - 1]!;
  const between = runs.slice(1, -1);
  const lengthMin = runs.length === 1 ? first.length : first.length + last.length;
  return (text) => {
    const characters = charactersOf(text);
    const end = characters.length - last.length;
    if (characters.length < lengthMin || !fits(first, characters, 0)) return false;
    if (runs.length === 1) return characters.length === first.length;
    if (!fits(last, characters, end)) return false;
    let at = first.length;
    for (const run of between) {
      while (at + run.length <= end && !fits(run, characters, at)) at++;
      if (at + run.length > end) return false;
      at += run.length;
    }
    return true;
  };
}

function fits(run: Int32Array, characters: Int32Array, start: number): boolean {
  for (let at = 0; at < run.length; at++) {
    if (run[at] !== ANY_CHARACTER && run[at] !== characters[start + at]) return false;
  }
  return true;
}

function charactersOf(text: string): Int32Array {
  const characters = new Int32Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at)!;
    if (code > 0xffff) at++;
    characters[length++] = code;
  }
  return characters.subarray(0, length);
}

function textOf(run: readonly number[]): string {
  let text = "";
  for (const code of run) text += String.fromCodePoint(code);
  return text;
}
