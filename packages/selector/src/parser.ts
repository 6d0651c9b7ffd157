import type { ArithmeticOperator, ComparisonOperator, NameNode, NumberNode, SelectorNode } from "./ast.ts";
import { checkComparison, checkOrdered, type Part, requireCondition } from "./checks.ts";
import { quoted, SelectorError } from "./errors.ts";
import { inspectPattern } from "./like.ts";
import type { SelectorLimits } from "./limits.ts";
import { fitsLong, narrowed } from "./number-text.ts";
import type { Token } from "./tokens.ts";

/**
 * The grammar of [messaging 14.1] by recursive descent, a method per level, loosest first:
 *
 *     or · and · = <> IS · < LIKE BETWEEN IN · + - · * / % · sign NOT XPATH · ( )
 *
 * NOT binds tighter than a comparison: `NOT a = 1` is `(NOT a) = 1`, as it is in Apollo.
 */
export class Parser {
  readonly #tokens: readonly Token[];
  readonly #limits: SelectorLimits;
  #at = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[], limits: SelectorLimits) {
    this.#tokens = tokens;
    this.#limits = limits;
  }

  /**
   * The whole selector; undefined when there are no tokens.
   * @throws SelectorError when the tokens are no selector, or more than one
   */
  parse(): SelectorNode | undefined {
    if (this.#token().kind === "end") return undefined;
    const whole = this.#or();
    if (this.#token().kind !== "end")
      throw this.#unexpected("an operator such as AND, or the end of the selector");
    requireCondition(whole);
    return whole.node;
  }

  #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #or(): Part {
    return this.#chain("or", "OR", () => this.#chain("and", "AND", () => this.#equality()));
  }

  /** `a OR b OR c` is one node of three, however long it gets. */
  #chain(kind: "or" | "and", keyword: string, operand: () => Part): Part {
    const first = operand();
    if (!this.#isKeyword(keyword)) return first;
    const parts = [first];
    while (this.#takeKeyword(keyword)) parts.push(operand());
    for (const part of parts) requireCondition(part);
    return this.#made({ kind, operands: parts.map(({ node }) => node) }, first.start, parts);
  }

  #equality(): Part {
    let left = this.#comparison();
    for (;;) {
      const operator = this.#takeSymbol("=", "<>") as ComparisonOperator | undefined;
      if (operator !== undefined) {
        left = this.#compared(operator, left, this.#comparison());
      } else if (this.#takeKeyword("IS")) {
        const negated = this.#takeKeyword("NOT");
        if (!this.#takeKeyword("NULL")) throw this.#unexpected(negated ? "NULL" : "NULL or NOT NULL");
        left = this.#made({ kind: "isNull", operand: left.node, negated }, left.start, [left]);
      } else {
        return left;
      }
    }
  }

  #comparison(): Part {
    let left = this.#sum();
    for (;;) {
      const operator = this.#takeSymbol("<", "<=", ">", ">=") as ComparisonOperator | undefined;
      if (operator !== undefined) {
        left = this.#compared(operator, left, this.#sum());
        continue;
      }
      const negated = this.#takeKeyword("NOT");
      if (this.#takeKeyword("LIKE")) left = this.#like(left, negated);
      else if (this.#takeKeyword("BETWEEN")) left = this.#between(left, negated);
      else if (this.#isKeyword("IN")) left = this.#in(left, negated);
      else if (negated) throw this.#unexpected("LIKE, BETWEEN or IN after NOT");
      else return left;
    }
  }

  #compared(operator: ComparisonOperator, left: Part, right: Part): Part {
    checkComparison(operator, left, right);
    const node: SelectorNode = { kind: "compare", operator, left: left.node, right: right.node };
    return this.#made(node, left.start, [left, right]);
  }

  #like(left: Part, negated: boolean): Part {
    const { start } = this.#token();
    const pattern = this.#text("a pattern in single quotes");
    const escaper = this.#takeKeyword("ESCAPE") ? this.#escape() : undefined;
    const { endsEscaping, searchedRunLength: run } = inspectPattern(pattern, escaper);
    if (endsEscaping) {
      const advice = "put the character that is meant literally behind it";
      throw new SelectorError("SYNTAX", start, "The pattern ends with its escape character", advice);
    }
    if (run > this.#limits.likeRunLengthMax) {
      const advice = `at most ${this.#limits.likeRunLengthMax} characters may stand between two % if _ is among them`;
      throw new SelectorError("LIMIT", start, `The pattern has a run of ${run} characters`, advice);
    }
    return this.#made({ kind: "like", operand: left.node, pattern, escape: escaper, negated }, left.start, [
      left,
    ]);
  }

  #escape(): string {
    const { start } = this.#token();
    const character = this.#text("the escape character in single quotes");
    if (character.length === 1 || (character.length === 2 && character.codePointAt(0)! > 0xffff))
      return character;
    const advice = "exactly one character escapes, as in ESCAPE '!'";
    throw new SelectorError("SYNTAX", start, `${quoted(character)} cannot escape`, advice);
  }

  #between(left: Part, negated: boolean): Part {
    const low = this.#sum();
    if (!this.#takeKeyword("AND")) throw this.#unexpected("AND and the upper bound of BETWEEN");
    const high = this.#sum();
    for (const part of [left, low, high]) checkOrdered("BETWEEN", part);
    const node = { kind: "between", operand: left.node, low: low.node, high: high.node, negated } as const;
    return this.#made(node, left.start, [left, low, high]);
  }

  #in(left: Part, negated: boolean): Part {
    if (left.node.kind !== "name") {
      const advice = "only a name can be looked for in a list, as in color IN ('red', 'blue')";
      throw new SelectorError("TYPE", this.#token().start, "IN follows something that is no name", advice);
    }
    const operand: NameNode = left.node;
    this.#at++;
    this.#symbol("(", "the list of texts in parentheses");
    const values: string[] = [];
    do values.push(this.#text("a text in single quotes"));
    while (this.#takeSymbol(",") !== undefined);
    this.#symbol(")", "a comma or the closing parenthesis of the list");
    return this.#made({ kind: "in", operand, values, negated }, left.start, [left]);
  }

  #sum(): Part {
    let left = this.#product();
    for (;;) {
      const operator = this.#takeSymbol("+", "-");
      if (operator === undefined) return left;
      left = this.#arithmetic(operator as ArithmeticOperator, left, this.#product());
    }
  }

  #product(): Part {
    let left = this.#unary();
    for (;;) {
      const operator = this.#takeSymbol("*", "/", "%");
      if (operator === undefined) return left;
      left = this.#arithmetic(operator as ArithmeticOperator, left, this.#unary());
    }
  }

  #arithmetic(operator: ArithmeticOperator, left: Part, right: Part): Part {
    const node: SelectorNode = { kind: "arithmetic", operator, left: left.node, right: right.node };
    return this.#made(node, left.start, [left, right]);
  }

  #unary(): Part {
    const { start } = this.#token();
    const sign = this.#takeSymbol("+", "-") as "+" | "-" | undefined;
    if (sign !== undefined) {
      // -9223372036854775808 fits 64 bits, its digits alone do not: a minus belongs to the number behind it.
      if (sign === "-" && isNumber(this.#token())) return this.#number(start, true);
      const operand = this.#nested(start, () => this.#unary());
      return this.#made({ kind: "sign", operator: sign, operand: operand.node }, start, [operand]);
    }
    if (this.#takeKeyword("NOT")) {
      const operand = this.#nested(start, () => this.#unary());
      requireCondition(operand);
      return this.#made({ kind: "not", operand: operand.node }, start, [operand]);
    }
    for (const kind of ["xpath", "xquery"] as const) {
      if (this.#takeKeyword(kind.toUpperCase())) {
        const expression = this.#text("the expression in single quotes");
        return this.#made({ kind, expression }, start, []);
      }
    }
    return this.#primary();
  }

  #primary(): Part {
    const token = this.#token();
    const { start } = token;
    if (isNumber(token)) return this.#number(start, false);
    if (this.#takeSymbol("(") !== undefined) {
      const inside = this.#nested(start, () => this.#or());
      this.#symbol(")", `an operator, or the parenthesis that closes the one at character ${start + 1}`);
      return inside;
    }
    const node = primaryNode(token);
    if (node === undefined)
      throw this.#unexpected("a name, a number, a text in single quotes, TRUE, FALSE or (");
    this.#at++;
    return this.#made(node, start, []);
  }

  #number(start: number, negative: boolean): Part {
    const { kind, text } = this.#token();
    this.#at++;
    if (kind === "decimal") {
      const value = negative ? -Number(text) : Number(text);
      return this.#made({ kind: "number", value, form: "decimal" }, start, []);
    }
    const value = negative ? -BigInt(text) : BigInt(text);
    const form = fitsLong(value) ? "integer" : "oversized";
    const node: NumberNode = { kind: "number", value: narrowed(value), form };
    return this.#made(node, start, []);
  }

  #nested(start: number, parse: () => Part): Part {
    if (this.#nesting >= this.#limits.nestingMax) throw this.#tooDeep(start);
    this.#nesting++;
    const part = parse();
    this.#nesting--;
    return part;
  }

  #made(node: SelectorNode, start: number, parts: readonly Part[]): Part {
    let depth = 1;
    for (const part of parts) depth = Math.max(depth, part.depth + 1);
    if (depth > this.#limits.nestingMax) throw this.#tooDeep(start);
    return { node, start, depth };
  }

  #tooDeep(start: number): SelectorError {
    const advice = `at most ${this.#limits.nestingMax} levels of parentheses, signs and operators may nest`;
    return new SelectorError("LIMIT", start, "The selector nests too deep", advice);
  }

  #isKeyword(word: string): boolean {
    return this.#token().kind === "keyword" && this.#token().text === word;
  }

  #takeKeyword(word: string): boolean {
    if (!this.#isKeyword(word)) return false;
    this.#at++;
    return true;
  }

  #takeSymbol(...symbols: readonly string[]): string | undefined {
    const { kind, text } = this.#token();
    if (kind !== "symbol" || !symbols.includes(text)) return undefined;
    this.#at++;
    return text;
  }

  #symbol(symbol: string, wanted: string): void {
    if (this.#takeSymbol(symbol) === undefined) throw this.#unexpected(wanted);
  }

  #text(wanted: string): string {
    const { kind, text } = this.#token();
    if (kind !== "text") throw this.#unexpected(wanted);
    this.#at++;
    return text;
  }

  #unexpected(wanted: string): SelectorError {
    return new SelectorError("SYNTAX", this.#token().start, found(this.#token()), `expected ${wanted}`);
  }
}

function found(token: Token): string {
  switch (token.kind) {
    case "end":
      return "The selector ends";
    case "text":
      return `Found the text ${quoted(token.text)}`;
    case "keyword":
      return `Found the reserved word ${token.text}`;
    default:
      return `Found ${quoted(token.text)}`;
  }
}

function isNumber(token: Token): boolean {
  return token.kind === "integer" || token.kind === "decimal";
}

function primaryNode(token: Token): SelectorNode | undefined {
  if (token.kind === "name") return { kind: "name", name: token.text };
  if (token.kind === "text") return { kind: "text", value: token.text };
  if (token.kind !== "keyword") return undefined;
  switch (token.text) {
    case "TRUE":
      return { kind: "boolean", value: true };
    case "FALSE":
      return { kind: "boolean", value: false };
    case "NULL":
      return { kind: "null" };
    default:
      return undefined;
  }
}
