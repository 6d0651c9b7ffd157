import { type ComparisonOperator, isCondition, isLiteral, type SelectorNode } from "./ast.ts";
import { SelectorError } from "./errors.ts";

/** A part of a selector and where it begins: what a refusal needs to know. */
export interface Part {
  readonly node: SelectorNode;
  readonly start: number;
  /** How many nodes lie on the longest way down, this one included. */
  readonly depth: number;
}

/**
 * Something that is true or false must stand here. A name may: it is true if the property is the boolean true.
 * @throws SelectorError for anything else, as in `3+5` and `TRUE AND 3+5` [messaging 14.1]
 */
export function requireCondition(part: Part): void {
  if (part.node.kind === "name" || isCondition(part.node)) return;
  const advice = "a comparison such as name = 'x', TRUE, FALSE or a name is needed here";
  throw new SelectorError("TYPE", part.start, `${describe(part.node)} is neither true nor false`, advice);
}

/**
 * The operands of a comparison fit its operator.
 * @throws SelectorError for `= NULL`, for a boolean literal compared with another literal, and for an order asked
 * of a text, boolean or NULL literal or of a condition [messaging 14.1]
 */
export function checkComparison(operator: ComparisonOperator, left: Part, right: Part): void {
  if (operator !== "=" && operator !== "<>") {
    checkOrdered(operator, left);
    checkOrdered(operator, right);
    return;
  }
  for (const side of [left, right]) {
    if (side.node.kind === "null") {
      const advice = "write IS NULL or IS NOT NULL";
      throw new SelectorError("TYPE", side.start, `NULL cannot be compared with ${operator}`, advice);
    }
  }
  if (!isLiteral(left.node) || !isLiteral(right.node)) return;
  if ((left.node.kind === "boolean") === (right.node.kind === "boolean")) return;
  const advice = "compare TRUE and FALSE with a name, a condition or a boolean";
  throw new SelectorError(
    "TYPE",
    left.start,
    `${describe(left.node)} is compared with ${describe(right.node)}`,
    advice,
  );
}

/** @throws SelectorError when the operand of `<`, BETWEEN and the like has no order by its form [messaging 14.1] */
export function checkOrdered(operator: string, part: Part): void {
  const { node, start } = part;
  if (!isCondition(node) && node.kind !== "text" && node.kind !== "null") return;
  const advice = "numbers, names and arithmetic have an order";
  throw new SelectorError("TYPE", start, `${describe(node)} has no order for ${operator}`, advice);
}

function describe(node: SelectorNode): string {
  switch (node.kind) {
    case "text":
      return "A text";
    case "number":
      return "A number";
    case "boolean":
      return node.value ? "TRUE" : "FALSE";
    case "null":
      return "NULL";
    case "arithmetic":
    case "sign":
      return "Arithmetic";
    case "name":
      return "A name";
    default:
      return "A condition";
  }
}
