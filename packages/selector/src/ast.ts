/** How two values are compared. */
export type ComparisonOperator = "=" | "<>" | "<" | "<=" | ">" | ">=";

/** What is computed from two values. */
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%";

/**
 * How a number is written. `integer`: whole, within 64 bits. `decimal`: with a point or an exponent, a double.
 * `oversized`: whole and beyond 64 bits, which compares with nothing. [messaging 14.3]
 */
export type NumberForm = "integer" | "decimal" | "oversized";

/** A whole number is a `number` up to 2^53 and a `bigint` beyond; see {@link NumberForm}. */
export interface NumberNode {
  readonly kind: "number";
  readonly value: number | bigint;
  readonly form: NumberForm;
}

/** Text, number, TRUE, FALSE or NULL. */
export type LiteralNode =
  | { readonly kind: "text"; readonly value: string }
  | NumberNode
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" };

/** A property by name. */
export interface NameNode {
  readonly kind: "name";
  readonly name: string;
}

/** `LIKE 'pattern' ESCAPE 'c'`. */
export interface LikeNode {
  readonly kind: "like";
  readonly operand: SelectorNode;
  readonly pattern: string;
  /** One character, or undefined without ESCAPE. */
  readonly escape: string | undefined;
  readonly negated: boolean;
}

/** `BETWEEN low AND high`. */
export interface BetweenNode {
  readonly kind: "between";
  readonly operand: SelectorNode;
  readonly low: SelectorNode;
  readonly high: SelectorNode;
  readonly negated: boolean;
}

/** `name IN ('a', 'b')`. */
export interface InNode {
  readonly kind: "in";
  readonly operand: NameNode;
  readonly values: readonly string[];
  readonly negated: boolean;
}

/** A parsed selector or a part of one. Immutable; nested at most as deep as the limits say. */
export type SelectorNode =
  | LiteralNode
  | NameNode
  | { readonly kind: "or" | "and"; readonly operands: readonly SelectorNode[] }
  | { readonly kind: "not"; readonly operand: SelectorNode }
  | {
      readonly kind: "compare";
      readonly operator: ComparisonOperator;
      readonly left: SelectorNode;
      readonly right: SelectorNode;
    }
  | { readonly kind: "isNull"; readonly operand: SelectorNode; readonly negated: boolean }
  | LikeNode
  | BetweenNode
  | InNode
  | {
      readonly kind: "arithmetic";
      readonly operator: ArithmeticOperator;
      readonly left: SelectorNode;
      readonly right: SelectorNode;
    }
  | { readonly kind: "sign"; readonly operator: "+" | "-"; readonly operand: SelectorNode }
  | { readonly kind: "xpath" | "xquery"; readonly expression: string };

/** Whether a node stands for a value that the text spells out. */
export function isLiteral(node: SelectorNode): node is LiteralNode {
  return node.kind === "text" || node.kind === "number" || node.kind === "boolean" || node.kind === "null";
}

/** Whether a node is true, false or unknown by its form. A name is not: it depends on the message. */
export function isCondition(node: SelectorNode): boolean {
  switch (node.kind) {
    case "name":
    case "text":
    case "number":
    case "null":
    case "arithmetic":
    case "sign":
      return false;
    default:
      return true;
  }
}
