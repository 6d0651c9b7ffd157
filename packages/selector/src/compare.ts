import type { ComparisonOperator } from "./ast.ts";
import { booleanOf, decimalOf, integerOf } from "./number-text.ts";
import type { PropertyValue } from "./source.ts";
import { always, type Condition, type Operand, TRUE, type Truth, UNKNOWN, type Value } from "./truth.ts";

/** How two values lie: before, the same, behind, or without any order, as text and a number do. */
type Order = -1 | 0 | 1 | 2;
const INCOMPARABLE = 2;

/** The orders an operator is true for, bit `order + 1` each; `<>` is the negation of `=`. [messaging 14.3] */
const MASKS: Readonly<Record<ComparisonOperator, number>> = Object.freeze({
  "<": 0b0001,
  "<=": 0b0011,
  "=": 0b0010,
  ">=": 0b0110,
  ">": 0b0100,
  "<>": 0b1101,
});

/** The operator that says the same with its sides exchanged. */
const EXCHANGED: Readonly<Record<ComparisonOperator, ComparisonOperator>> = Object.freeze({
  "<": ">",
  "<=": ">=",
  "=": "=",
  ">=": "<=",
  ">": "<",
  "<>": "<>",
});

/**
 * Compares two operands. A side without a value makes the answer unknown, for `=` and `<>` too: JMS and SQL, not
 * Apollo. [messaging 14.3, quirk 13]
 *
 * @param converting text is converted to the type of the other side; otherwise they have no order
 */
export function comparison(
  operator: ComparisonOperator,
  left: Operand,
  right: Operand,
  converting: boolean,
): Condition {
  if (left.constant && !right.constant) return comparison(EXCHANGED[operator], right, left, converting);
  const mask = MASKS[operator];
  const general = generalComparison(mask, left, right, converting);
  if (left.constant && right.constant) return always(general({ property: () => undefined }));
  if (left.name === undefined || !right.constant || right.oversized) return general;
  if (typeof right.value === "number")
    return nameWithNumber(mask, left.name, right.value, right.integer, converting);
  if (typeof right.value === "string") return nameWithText(mask, left.name, right.value, converting);
  return general;
}

/** Whether a value lies between two others; each is read once, so that nesting costs no more than its length. */
export function between(
  value: Operand,
  low: Operand,
  high: Operand,
  converting: boolean,
  negated: boolean,
): Condition {
  const lowMask = MASKS[negated ? "<" : ">="];
  const highMask = MASKS[negated ? ">" : "<="];
  return (source) => {
    const found = value.read(source);
    const least = low.read(source);
    const above = within(lowMask, found, value, least, low, converting);
    // x >= a AND x <= b, or x < a OR x > b: the first if that decides, or else the second. [messaging 14.1]
    if (negated ? above === TRUE : above !== TRUE) return above;
    const most = high.read(source);
    return within(highMask, found, value, most, high, converting);
  };
}

/** Hot: a property against a number of the text, one call for the property and none else for numbers. */
function nameWithNumber(
  mask: number,
  name: string,
  limit: number,
  integer: boolean,
  converting: boolean,
): Condition {
  return (source) => {
    const value = source.property(name);
    if (typeof value === "number") return masked(mask, numericOrder(value, limit));
    if (value === undefined) return UNKNOWN;
    return masked(mask, converting ? convertingOrder(value, limit, false, integer) : order(value, limit));
  };
}

/** Hot: a property against a text of the selector. */
function nameWithText(mask: number, name: string, text: string, converting: boolean): Condition {
  return (source) => {
    const value = source.property(name);
    if (value === text) return masked(mask, 0);
    if (value === undefined) return UNKNOWN;
    return masked(mask, converting ? convertingOrder(value, text, false, false) : order(value, text));
  };
}

function generalComparison(mask: number, left: Operand, right: Operand, converting: boolean): Condition {
  return (source) => {
    const a = left.read(source);
    const b = right.read(source);
    return within(mask, a, left, b, right, converting);
  };
}

function within(mask: number, a: Value, left: Operand, b: Value, right: Operand, converting: boolean): Truth {
  if (a === undefined || b === undefined) return UNKNOWN;
  return masked(mask, operandOrder(a, left, b, right, converting));
}

function operandOrder(
  a: PropertyValue,
  left: Operand,
  b: PropertyValue,
  right: Operand,
  converting: boolean,
): Order {
  if (left.oversized || right.oversized) return INCOMPARABLE;
  return converting ? convertingOrder(a, b, left.integer, right.integer) : order(a, b);
}

function masked(mask: number, found: Order): Truth {
  return ((mask >> (found + 1)) & 1) as Truth;
}

/** Numbers of all kinds among themselves, by their exact values; otherwise only what has the same type. */
function order(a: PropertyValue, b: PropertyValue): Order {
  switch (typeof a) {
    case "number":
    case "bigint":
      return typeof b === "number" || typeof b === "bigint" ? numericOrder(a, b) : INCOMPARABLE;
    case "string":
      if (typeof b !== "string") return INCOMPARABLE;
      return a === b ? 0 : a < b ? -1 : 1;
    case "boolean":
      if (typeof b !== "boolean") return INCOMPARABLE;
      return a === b ? 0 : b ? -1 : 1;
    default:
      return INCOMPARABLE;
  }
}

function convertingOrder(a: PropertyValue, b: PropertyValue, aInteger: boolean, bInteger: boolean): Order {
  if (typeof a === "string" && typeof b !== "string") {
    const converted = convertedTo(b, bInteger, a);
    return converted === undefined ? INCOMPARABLE : order(converted, b);
  }
  if (typeof b === "string" && typeof a !== "string") {
    const converted = convertedTo(a, aInteger, b);
    return converted === undefined ? INCOMPARABLE : order(a, converted);
  }
  return order(a, b);
}

/** A text as the type of the value it is compared with; undefined when it is no such thing. [messaging 14.3] */
function convertedTo(other: PropertyValue, integer: boolean, text: string): PropertyValue | undefined {
  switch (typeof other) {
    case "number":
      return integer ? integerOf(text) : decimalOf(text);
    case "bigint":
      return integerOf(text);
    case "boolean":
      return booleanOf(text);
    default:
      return undefined;
  }
}

/** Exact between numbers and bigints; a NaN has no order. */
function numericOrder(a: number | bigint, b: number | bigint): Order {
  if (a < b) return -1;
  if (a > b) return 1;
  return a >= b ? 0 : INCOMPARABLE;
}
