import type { SelectorNode } from "./ast.ts";
import { Compiler } from "./compiler.ts";
import { EVALUATION_FAILURE, SelectorError } from "./errors.ts";
import { completeLimits, type SelectorLimits } from "./limits.ts";
import { readModes, type SelectorModes } from "./modes.ts";
import { Parser } from "./parser.ts";
import type { PropertySource } from "./source.ts";
import { type Token, tokenize } from "./tokens.ts";
import { always, type Condition, TRUE } from "./truth.ts";
import type { XPathFunction } from "./xpath.ts";

/** A compiled selector: stateless, to be kept as long as its subscription. */
export interface Selector {
  /** The text it was made of, mode prefixes included. */
  readonly text: string;
  /**
   * Whether the selector is true for a message. Unknown is no match, nor is an expression that has no answer, as
   * arithmetic on text. What the source throws is passed on. [messaging 14.3, quirk 32]
   */
  matches(source: PropertySource): boolean;
}

/** How to read a selector; prefixes in its text come before `convertStrings` and `hyphenatedNames`. */
export interface SelectorOptions {
  /** Text is converted where it meets a number or a boolean: STOMP's headers. False by default. */
  readonly convertStrings?: boolean;
  /** Names may contain `-`. False by default. */
  readonly hyphenatedNames?: boolean;
  /** Evaluates XPATH; without it a selector with XPATH is refused. */
  readonly xpath?: XPathFunction | undefined;
  /** See {@link SelectorLimits}; what is left out has its default. */
  readonly limits?: Partial<SelectorLimits>;
}

/**
 * Compiles a JMS selector. One that says nothing (blank, or only comments) matches every message. [messaging 14]
 * @throws SelectorError when the text is no selector, or exceeds a limit
 * @throws RangeError when a limit in the options makes no sense
 */
export function parseSelector(text: string, options: SelectorOptions = {}): Selector {
  const { node, modes, limits } = parse(text, options);
  if (node === undefined) return new CompiledSelector(text, always(TRUE));
  const { concatenationLengthMax } = limits;
  const { convertStrings } = modes;
  const compiler = new Compiler({ convertStrings, concatenationLengthMax, xpath: options.xpath });
  return new CompiledSelector(text, compiler.condition(node));
}

/**
 * The parsed form of a selector, for those who want to look at it; undefined when it says nothing.
 * @throws SelectorError as {@link parseSelector} does
 */
export function parseSelectorNode(text: string, options: SelectorOptions = {}): SelectorNode | undefined {
  return parse(text, options).node;
}

interface ParsedSelector {
  readonly node: SelectorNode | undefined;
  readonly modes: SelectorModes;
  readonly limits: SelectorLimits;
}

function parse(text: string, options: SelectorOptions): ParsedSelector {
  const limits = completeLimits(options.limits);
  if (text.length > limits.textLengthMax) {
    const advice = `at most ${limits.textLengthMax} characters are accepted`;
    throw new SelectorError(
      "LIMIT",
      limits.textLengthMax,
      `The selector of ${text.length} is too long`,
      advice,
    );
  }
  const { convertStrings = false, hyphenatedNames = false } = options;
  const { modes, start } = readModes(text, { convertStrings, hyphenatedNames });
  const tokens = tokenize(text, start, modes.hyphenatedNames);
  checkXPaths(tokens, options.xpath !== undefined, limits.xpathsMax);
  return { node: new Parser(tokens, limits).parse(), modes, limits };
}

function checkXPaths(tokens: readonly Token[], available: boolean, xpathsMax: number): void {
  const found = tokens.filter(({ kind, text }) => kind === "keyword" && text === "XPATH");
  const extra = found[xpathsMax];
  if (available && extra === undefined) return;
  if (available) {
    const advice = `at most ${xpathsMax} are accepted; say more in one expression`;
    throw new SelectorError("LIMIT", extra!.start, "One XPATH too many", advice);
  }
  const token = found[0];
  if (token === undefined) return;
  const advice = "this broker looks at properties only (xpath_selectors); select by a property";
  throw new SelectorError("UNSUPPORTED", token.start, "XPATH is not available", advice);
}

class CompiledSelector implements Selector {
  readonly text: string;
  readonly #condition: Condition;

  constructor(text: string, condition: Condition) {
    this.text = text;
    this.#condition = condition;
  }

  matches(source: PropertySource): boolean {
    try {
      return this.#condition(source) === TRUE;
    } catch (error) {
      if (error === EVALUATION_FAILURE) return false;
      throw error;
    }
  }
}
