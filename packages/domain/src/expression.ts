import { BrokerError } from "./errors.ts";

/**
 * Regular expressions for one part of a destination's name, from people we do not know: matched in time linear in
 * the text, whatever the expression. There is no backtracking, so there are no back references and no look-around.
 *
 * Known: literals, `.`, classes `[a-z]` `[^…]`, `\d \w \s` and their opposites, escaped characters, groups `( )` and
 * `(?: )`, `|`, and `* + ?`, also lazy. (A count in braces cannot stand in a name: a brace ends the expression.)
 */
export class Expression {
  readonly source: string;
  readonly #program: readonly Step[];

  /** @throws BrokerError BAD_ADDRESS when the text is no such expression, or too large */
  constructor(source: string) {
    this.source = source;
    this.#program = new Compiler(source).compile();
  }

  /** Whether the whole text matches. */
  matches(text: string): boolean {
    const program = this.#program;
    let current = new Set<number>();
    follow(program, 0, current);
    for (const character of text) {
      const next = new Set<number>();
      for (const at of current) {
        const step = program[at]!;
        if (step.kind === "one" && step.accepts(character)) follow(program, at + 1, next);
      }
      if (next.size === 0) return false;
      current = next;
    }
    for (const at of current) if (program[at]!.kind === "end") return true;
    return false;
  }
}

type Step =
  | { readonly kind: "one"; readonly accepts: (character: string) => boolean }
  | { readonly kind: "split"; readonly first: number; readonly second: number }
  | { readonly kind: "jump"; readonly to: number }
  | { readonly kind: "end" };

/** Steps that can be reached without reading a character. */
function follow(program: readonly Step[], from: number, reached: Set<number>): void {
  const pending = [from];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    const step = program[at]!;
    if (step.kind === "jump") pending.push(step.to);
    else if (step.kind === "split") pending.push(step.first, step.second);
  }
}

const STEPS_MAX = 2_000;
const DEPTH_MAX = 50;

type Accepts = (character: string) => boolean;

const CLASSES: Readonly<Record<string, Accepts>> = {
  d: (character) => /[0-9]/.test(character),
  w: (character) => /[A-Za-z0-9_]/.test(character),
  s: (character) => /\s/.test(character),
};
const CONTROLS: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", f: "\f" };

/** Recursive descent: alternatives of sequences of repeated atoms. Writes steps with addresses relative to their piece. */
class Compiler {
  readonly #source: string;
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#characters = [...source];
  }

  compile(): readonly Step[] {
    const steps = this.#alternatives();
    if (this.#at < this.#characters.length)
      throw this.#error(`'${this.#characters[this.#at]}' has no beginning`);
    return [...steps, { kind: "end" }];
  }

  #error(reason: string): BrokerError {
    return new BrokerError("BAD_ADDRESS", `Invalid regular expression '${this.#source}': ${reason}`);
  }

  #checked(steps: Step[]): Step[] {
    if (steps.length > STEPS_MAX) throw this.#error(`it has more than ${STEPS_MAX} steps`);
    return steps;
  }

  #alternatives(): Step[] {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw this.#error(`groups are nested more than ${DEPTH_MAX} deep`);
    let steps = this.#sequence();
    while (this.#characters[this.#at] === "|") {
      this.#at += 1;
      const right = this.#sequence();
      const skip: Step = { kind: "jump", to: 2 + steps.length + right.length };
      const split: Step = { kind: "split", first: 1, second: steps.length + 2 };
      steps = this.#checked([split, ...moved(steps, 1), skip, ...moved(right, steps.length + 2)]);
    }
    this.#depth -= 1;
    return steps;
  }

  #sequence(): Step[] {
    let steps: Step[] = [];
    for (let next = this.#characters[this.#at]; next !== undefined && next !== "|" && next !== ")"; ) {
      steps = this.#checked([...steps, ...moved(this.#repeated(), steps.length)]);
      next = this.#characters[this.#at];
    }
    return steps;
  }

  #repeated(): Step[] {
    let steps = this.#atom();
    for (let next = this.#characters[this.#at]; next === "*" || next === "+" || next === "?"; ) {
      this.#at += 1;
      steps = this.#checked(repeat(steps, next));
      if (this.#characters[this.#at] === "?") this.#at += 1; // lazy: the same texts match
      next = this.#characters[this.#at];
    }
    return steps;
  }

  #atom(): Step[] {
    const character = this.#characters[this.#at]!;
    this.#at += 1;
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return [{ kind: "one", accepts: this.#set() }];
      case ".":
        return [{ kind: "one", accepts: () => true }];
      case "\\":
        return [{ kind: "one", accepts: this.#escape() }];
      case "^":
      case "$":
        return []; // the whole part has to match anyway
      case "*":
      case "+":
      case "?":
        throw this.#error(`'${character}' has nothing to repeat`);
      default:
        return [{ kind: "one", accepts: (one) => one === character }];
    }
  }

  #group(): Step[] {
    if (this.#characters[this.#at] === "?") {
      if (this.#characters[this.#at + 1] !== ":") throw this.#error("'(?' other than '(?:' is not supported");
      this.#at += 2;
    }
    const steps = this.#alternatives();
    if (this.#characters[this.#at] !== ")") throw this.#error("a group has no ')'");
    this.#at += 1;
    return steps;
  }

  #escape(): Accepts {
    const character = this.#characters[this.#at];
    if (character === undefined) throw this.#error("it ends with a backslash");
    this.#at += 1;
    const known = CLASSES[character];
    if (known !== undefined) return known;
    const opposite = CLASSES[character.toLowerCase()];
    if (opposite !== undefined) return (one) => !opposite(one);
    if (/[A-Za-z0-9]/.test(character) && CONTROLS[character] === undefined) {
      throw this.#error(`'\\${character}' is not supported`);
    }
    const literal = CONTROLS[character] ?? character;
    return (one) => one === literal;
  }

  #set(): Accepts {
    const negated = this.#characters[this.#at] === "^";
    if (negated) this.#at += 1;
    const members: Accepts[] = [];
    for (let first = true; ; first = false) {
      const character = this.#characters[this.#at];
      if (character === undefined) throw this.#error("a '[' has no ']'");
      this.#at += 1;
      if (character === "]" && !first) break;
      members.push(this.#member(character));
    }
    return (one) => members.some((accepts) => accepts(one)) !== negated;
  }

  #member(character: string): Accepts {
    if (character === "\\") return this.#escape();
    const to = this.#characters[this.#at + 1];
    if (this.#characters[this.#at] !== "-" || to === undefined || to === "]" || to === "\\") {
      return (one) => one === character;
    }
    this.#at += 2;
    if (character > to) throw this.#error(`the range '${character}-${to}' is the wrong way round`);
    return (one) => one >= character && one <= to;
  }
}

/** The steps at another place of the program. */
function moved(steps: readonly Step[], by: number): Step[] {
  return steps.map((step) => {
    if (step.kind === "jump") return { kind: "jump", to: step.to + by };
    if (step.kind === "split") return { kind: "split", first: step.first + by, second: step.second + by };
    return step;
  });
}

function repeat(steps: readonly Step[], sign: "*" | "+" | "?"): Step[] {
  const { length } = steps;
  if (sign === "+") return [...steps, { kind: "split", first: 0, second: length + 1 }];
  if (sign === "?") return [{ kind: "split", first: 1, second: length + 1 }, ...moved(steps, 1)];
  return [{ kind: "split", first: 1, second: length + 2 }, ...moved(steps, 1), { kind: "jump", to: 0 }];
}
