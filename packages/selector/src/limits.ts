/** What a selector may cost. Selectors come from clients, so every one of these is a promise to the others. */
export interface SelectorLimits {
  /** Length of the text in UTF-16 units, mode prefixes included. */
  readonly textLengthMax: number;
  /** How deep parentheses, signs and chains of operators may nest; AND and OR chains count once. At most 250. */
  readonly nestingMax: number;
  /** Characters between two `%` of a LIKE pattern, if `_` is among them: such a run is searched step by step. */
  readonly likeRunLengthMax: number;
  /** Length of a text that `+` may build while a message is looked at, in UTF-16 units; more is no match. */
  readonly concatenationLengthMax: number;
  /** How often XPATH may stand in it: each time the body is read again. */
  readonly xpathsMax: number;
}

/** 8 KiB of text, 100 levels, 256 characters between two `%`, 64 KiB of concatenated text, 10 times XPATH. */
export const DEFAULT_SELECTOR_LIMITS: SelectorLimits = Object.freeze({
  textLengthMax: 8_192,
  nestingMax: 100,
  likeRunLengthMax: 256,
  concatenationLengthMax: 65_536,
  xpathsMax: 10,
});

/** Parser, compiler and predicate recurse as deep as the selector nests; beyond this the stack is at risk. */
const NESTING_CEILING = 250;

/**
 * The given limits over the defaults.
 * @throws RangeError when one of them is not a positive whole number, or `nestingMax` exceeds 250
 */
export function completeLimits(given: Partial<SelectorLimits> | undefined): SelectorLimits {
  if (given === undefined) return DEFAULT_SELECTOR_LIMITS;
  const limits = { ...DEFAULT_SELECTOR_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const ceiling = name === "nestingMax" ? NESTING_CEILING : Number.MAX_SAFE_INTEGER;
    if (!Number.isInteger(value) || value < 1 || value > ceiling) {
      throw new RangeError(
        `selector limit ${name} is ${value}; it must be a whole number from 1 to ${ceiling}`,
      );
    }
  }
  return limits;
}
