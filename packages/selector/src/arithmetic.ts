import type { ArithmeticOperator } from "./ast.ts";
import { EVALUATION_FAILURE } from "./errors.ts";
import { decimalOf, fitsLong, integerOf, narrowed } from "./number-text.ts";
import type { PropertyValue } from "./source.ts";
import type { Value } from "./truth.ts";

/** What arithmetic must know besides its operands. */
export interface ArithmeticRules {
  /** Text is read as a number, except by a `+` it stands left of. */
  readonly convertStrings: boolean;
  /** Length of the text that `+` may build, in UTF-16 units. */
  readonly concatenationLengthMax: number;
}

/**
 * Computes; null if a side is. `+ - *` keep whole numbers whole, `/` and `%` are done on doubles. [messaging 14.3]
 * @throws EvaluationFailure when a side is no number, or a text gets too long
 */
export function compute(operator: ArithmeticOperator, a: Value, b: Value, rules: ArithmeticRules): Value {
  if (a === undefined || b === undefined) return undefined;
  if (operator === "+" && typeof a === "string") return concatenated(a, b, rules.concatenationLengthMax);
  const left = numberOf(a, rules.convertStrings);
  const right = numberOf(b, rules.convertStrings);
  if (operator === "/") return Number(left) / Number(right);
  if (operator === "%") return Number(left) % Number(right);
  if (typeof left === "bigint" || typeof right === "bigint") return computeExactly(operator, left, right);
  const result = computeDouble(operator, left, right);
  if (Number.isSafeInteger(result)) return result;
  return Number.isSafeInteger(left) && Number.isSafeInteger(right)
    ? computeExactly(operator, left, right)
    : result;
}

/**
 * A number with a sign; null stays null.
 * @throws EvaluationFailure when the value is no number
 */
export function signed(sign: "+" | "-", value: Value, rules: ArithmeticRules): Value {
  if (value === undefined) return undefined;
  const number = numberOf(value, rules.convertStrings);
  if (sign === "+") return number;
  return typeof number === "bigint" ? settled(-number) : -number;
}

function computeDouble(operator: "+" | "-" | "*", left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
  }
}

/** With 64 bits; with doubles when one side is no whole number. */
function computeExactly(
  operator: "+" | "-" | "*",
  left: number | bigint,
  right: number | bigint,
): number | bigint {
  if (!isWhole(left) || !isWhole(right)) return computeDouble(operator, Number(left), Number(right));
  const a = BigInt(left);
  const b = BigInt(right);
  switch (operator) {
    case "+":
      return settled(a + b);
    case "-":
      return settled(a - b);
    case "*":
      return settled(a * b);
  }
}

function isWhole(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}

/** What exceeds 64 bits goes on as a double: near the truth, and never longer than a word. */
function settled(value: bigint): number | bigint {
  return fitsLong(value) ? narrowed(value) : Number(value);
}

function numberOf(value: PropertyValue, convertStrings: boolean): number | bigint {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value !== "string" || !convertStrings) throw EVALUATION_FAILURE;
  const converted = value.includes(".") ? decimalOf(value) : integerOf(value);
  if (converted === undefined) throw EVALUATION_FAILURE;
  return converted;
}

function concatenated(left: string, right: PropertyValue, lengthMax: number): string {
  if (typeof right === "object") throw EVALUATION_FAILURE;
  const text = left + String(right);
  if (text.length > lengthMax) throw EVALUATION_FAILURE;
  return text;
}
