/** How a selector is read; STOMP sets both, AMQP neither. [messaging 14.2] */
export interface SelectorModes {
  /** Text meeting a number or a boolean is converted to the other's type. */
  readonly convertStrings: boolean;
  /** Names may contain `-`, so that `a-1` is a name and `a - 1` a subtraction. */
  readonly hyphenatedNames: boolean;
}

const PREFIXES: ReadonlyMap<string, Partial<SelectorModes>> = new Map([
  ["convert_string_expressions:", { convertStrings: true }],
  ["hyphenated_props:", { hyphenatedNames: true }],
  ["no_convert_string_expressions:", { convertStrings: false }],
  ["no_hyphenated_props:", { hyphenatedNames: false }],
]);

/** Modes after the prefixes of a text, and where its expression begins. */
export interface ModesOfText {
  readonly modes: SelectorModes;
  readonly start: number;
}

/** Reads the mode prefixes a text starts with: any number, the last one wins. [messaging 14.2] */
export function readModes(text: string, given: SelectorModes): ModesOfText {
  let modes = given;
  let start = 0;
  for (;;) {
    const found = prefixAt(text, start);
    if (found === undefined) return { modes, start };
    modes = { ...modes, ...PREFIXES.get(found) };
    start += found.length;
  }
}

function prefixAt(text: string, start: number): string | undefined {
  for (const prefix of PREFIXES.keys()) {
    if (text.startsWith(prefix, start)) return prefix;
  }
  return undefined;
}
