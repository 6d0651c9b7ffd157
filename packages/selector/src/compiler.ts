import { type ArithmeticRules, compute, signed } from "./arithmetic.ts";
import type { BetweenNode, InNode, LikeNode, NumberNode, SelectorNode } from "./ast.ts";
import { between, comparison } from "./compare.ts";
import { EVALUATION_FAILURE } from "./errors.ts";
import { compileLike } from "./like.ts";
import type { PropertySource } from "./source.ts";
import {
  always,
  and,
  type Condition,
  constantTruth,
  FALSE,
  not,
  type Operand,
  or,
  TRUE,
  UNKNOWN,
  type Value,
} from "./truth.ts";
import type { XPathFunction } from "./xpath.ts";

/** What a compiled selector depends on besides its text. */
export interface CompilerRules extends ArithmeticRules {
  /** Evaluates XPATH; when it is missing, `selector.ts` has refused what needs it. */
  readonly xpath: XPathFunction | undefined;
}

/**
 * Turns a parsed selector into closures, one per node, and whatever does not depend on a message into its value.
 * Every part of a selector is evaluated at most once per message.
 */
export class Compiler {
  readonly #rules: CompilerRules;

  constructor(rules: CompilerRules) {
    this.#rules = rules;
  }

  /** A node where true, false or unknown is wanted. */
  condition(node: SelectorNode): Condition {
    switch (node.kind) {
      case "or":
        return or(node.operands.map((operand) => this.condition(operand)));
      case "and":
        return and(node.operands.map((operand) => this.condition(operand)));
      case "not":
        return not(this.condition(node.operand));
      case "compare": {
        const left = this.#operand(node.left);
        return comparison(node.operator, left, this.#operand(node.right), this.#rules.convertStrings);
      }
      case "isNull":
        return isNull(this.#operand(node.operand), node.negated);
      case "like":
        return this.#like(node);
      case "between":
        return this.#between(node);
      case "in":
        return isIn(node);
      case "xpath":
        return this.#xpath(node.expression);
      case "xquery": // parses, and is never true [messaging 14.1]
        return always(FALSE);
      default:
        return asCondition(this.#operand(node));
    }
  }

  /** A node where a value is wanted; a condition's is true, false or, when unknown, null. */
  #operand(node: SelectorNode): Operand {
    switch (node.kind) {
      case "name": {
        const { name } = node;
        return { ...computed((source) => source.property(name)), name };
      }
      case "text":
      case "boolean":
        return constant(node.value, false);
      case "null":
        return constant(undefined, false);
      case "number":
        return numberOperand(node);
      case "arithmetic": {
        const { operator } = node;
        const left = this.#operand(node.left);
        const right = this.#operand(node.right);
        const whole = left.integer && right.integer && operator !== "/" && operator !== "%";
        const read = (source: PropertySource): Value =>
          compute(operator, left.read(source), right.read(source), this.#rules);
        return folded(read, left.constant && right.constant, whole);
      }
      case "sign": {
        const { operator } = node;
        const inner = this.#operand(node.operand);
        const read = (source: PropertySource): Value => signed(operator, inner.read(source), this.#rules);
        return folded(read, inner.constant, inner.integer);
      }
      default:
        return asOperand(this.condition(node));
    }
  }

  #like({ operand, pattern, escape: escaper, negated }: LikeNode): Condition {
    const { read } = this.#operand(operand);
    const matches = compileLike(pattern, escaper);
    const like: Condition = (source) => {
      const value = read(source);
      if (typeof value === "string") return matches(value) ? TRUE : FALSE;
      return value === undefined ? UNKNOWN : FALSE;
    };
    return negated ? not(like) : like;
  }

  #between({ operand, low, high, negated }: BetweenNode): Condition {
    const value = this.#operand(operand);
    return between(value, this.#operand(low), this.#operand(high), this.#rules.convertStrings, negated);
  }

  /** Whatever goes wrong on the way is false: no text, no XML, no XPath. [messaging 14.1] */
  #xpath(expression: string): Condition {
    const compile = this.#rules.xpath;
    if (compile === undefined) return always(FALSE);
    try {
      const test = compile(expression);
      return (source) => {
        try {
          const body = source.body?.();
          return body !== undefined && test(body) ? TRUE : FALSE;
        } catch {
          return FALSE;
        }
      };
    } catch {
      return always(FALSE);
    }
  }
}

function isIn({ operand: { name }, values, negated }: InNode): Condition {
  const wanted: ReadonlySet<string> = new Set(values);
  const found = negated ? FALSE : TRUE;
  const missing = negated ? TRUE : FALSE;
  return (source) => {
    const value = source.property(name);
    if (typeof value !== "string") return UNKNOWN; // for NOT IN too [messaging 14.3]
    return wanted.has(value) ? found : missing;
  };
}

function isNull({ read, constant: fixed, value }: Operand, negated: boolean): Condition {
  if (fixed) return always((value === undefined) !== negated ? TRUE : FALSE);
  return (source) => ((read(source) === undefined) !== negated ? TRUE : FALSE);
}

/** Only the boolean true is true; a text "true" is not, even when texts are converted. [messaging 14.1] */
function asCondition({ read, constant: fixed, value }: Operand): Condition {
  if (fixed) return always(truthOf(value));
  return (source) => truthOf(read(source));
}

function truthOf(value: Value): 0 | 1 | 2 {
  if (value === undefined) return UNKNOWN;
  return value === true ? TRUE : FALSE;
}

function asOperand(condition: Condition): Operand {
  const known = constantTruth(condition);
  if (known !== undefined) return constant(known === UNKNOWN ? undefined : known === TRUE, false);
  return computed((source) => {
    const truth = condition(source);
    return truth === UNKNOWN ? undefined : truth === TRUE;
  });
}

/** In arithmetic a number beyond 64 bits is a double. */
function numberOperand({ value, form }: NumberNode): Operand {
  const fixed = constant(form === "oversized" ? Number(value) : value, form === "integer");
  return form === "oversized" ? { ...fixed, oversized: true } : fixed;
}

function constant(value: Value, integer: boolean): Operand {
  return { read: () => value, name: undefined, constant: true, value, integer, oversized: false };
}

function computed(read: Operand["read"]): Operand {
  return { read, name: undefined, constant: false, value: undefined, integer: false, oversized: false };
}

/** Computes once what no message changes; what fails, fails for every message, and only when it is reached. */
function folded(read: Operand["read"], fixed: boolean, integer: boolean): Operand {
  if (!fixed) return computed(read);
  try {
    return constant(read({ property: () => undefined }), integer);
  } catch (error) {
    if (error === EVALUATION_FAILURE) return computed(read);
    throw error;
  }
}
