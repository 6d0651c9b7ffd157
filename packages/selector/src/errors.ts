/**
 * A stable name for why a selector is refused: it is not in the grammar, its operands do not fit their operator, it
 * exceeds a limit, or it asks for something this installation does not have.
 */
export type SelectorErrorCode = "SYNTAX" | "TYPE" | "LIMIT" | "UNSUPPORTED";

/** The text is not a selector. The message says what was wrong, where, and what would be right. */
export class SelectorError extends Error {
  /** What kind of mistake it is; this is API, the text is not. */
  readonly code: SelectorErrorCode;
  /** Where the mistake was seen: an index into the text as it was given, mode prefixes included. */
  readonly position: number;

  /**
   * @param problem what was found, as the beginning of a sentence
   * @param advice what would be right
   */
  constructor(code: SelectorErrorCode, position: number, problem: string, advice: string) {
    super(`${problem} at character ${position + 1}: ${advice}`);
    this.name = "SelectorError";
    this.code = code;
    this.position = position;
  }
}

const QUOTED_LENGTH_MAX = 40;

/** A piece of a peer's text as an error may show it: short, on one line, in double quotes. */
export function quoted(text: string): string {
  const short = text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}…` : text;
  return JSON.stringify(short);
}

/**
 * An expression met a value it has no answer for: arithmetic on something that is no number. It ends the
 * evaluation, and the message does not match. [messaging 14.3, quirk 32]
 */
export class EvaluationFailure extends Error {
  override readonly name: string = "EvaluationFailure";
}

/** The one failure there is: thrown per message, so it is made once and carries no stack of its own. */
export const EVALUATION_FAILURE: EvaluationFailure = Object.freeze(
  new EvaluationFailure("the selector has no answer for this message"),
);
