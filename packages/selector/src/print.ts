import type { LiteralNode, NumberNode, SelectorNode } from "./ast.ts";

/** How tight each kind of node binds; see the grammar in `parser.ts`. */
const LEVEL = Object.freeze({
  or: 1,
  and: 2,
  equality: 3,
  comparison: 4,
  sum: 5,
  product: 6,
  unary: 7,
  primary: 8,
});

/**
 * A selector as text, with the parentheses it needs and no others. Parsing it with the same modes gives the same
 * node again.
 */
export function printSelector(node: SelectorNode): string {
  return print(node, LEVEL.or);
}

function print(node: SelectorNode, levelMin: number): string {
  const text = unparenthesized(node);
  return levelOf(node) < levelMin ? `(${text})` : text;
}

function unparenthesized(node: SelectorNode): string {
  switch (node.kind) {
    case "or":
      return node.operands.map((operand) => print(operand, LEVEL.and)).join(" OR ");
    case "and":
      return node.operands.map((operand) => print(operand, LEVEL.equality)).join(" AND ");
    case "not":
      return `NOT ${print(node.operand, LEVEL.unary)}`;
    case "compare":
    case "arithmetic": {
      const level = levelOf(node);
      return `${print(node.left, level)} ${node.operator} ${print(node.right, level + 1)}`;
    }
    case "isNull":
      return `${print(node.operand, LEVEL.equality)} IS ${node.negated ? "NOT " : ""}NULL`;
    case "like": {
      const ending = node.escape === undefined ? "" : ` ESCAPE ${quote(node.escape)}`;
      return `${print(node.operand, LEVEL.comparison)}${not(node)} LIKE ${quote(node.pattern)}${ending}`;
    }
    case "between": {
      const operand = print(node.operand, LEVEL.comparison);
      return `${operand}${not(node)} BETWEEN ${print(node.low, LEVEL.sum)} AND ${print(node.high, LEVEL.sum)}`;
    }
    case "in":
      return `${node.operand.name}${not(node)} IN (${node.values.map(quote).join(", ")})`;
    case "sign": // -5 is a number and --a a comment: whatever might become one is kept apart
      return node.operand.kind === "name"
        ? node.operator + node.operand.name
        : `${node.operator}(${print(node.operand, 0)})`;
    case "xpath":
    case "xquery":
      return `${node.kind.toUpperCase()} ${quote(node.expression)}`;
    case "name":
      return node.name;
    default:
      return printLiteral(node);
  }
}

function printLiteral(node: LiteralNode): string {
  switch (node.kind) {
    case "text":
      return quote(node.value);
    case "boolean":
      return node.value ? "TRUE" : "FALSE";
    case "null":
      return "NULL";
    case "number":
      return printNumber(node);
  }
}

function printNumber({ value, form }: NumberNode): string {
  if (form !== "decimal") return String(value);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(Number(value));
  if (size === Number.POSITIVE_INFINITY) return `${sign}1E999`;
  const digits = String(size);
  return sign + (/[.e]/.test(digits) ? digits : `${digits}.0`);
}

function levelOf(node: SelectorNode): number {
  switch (node.kind) {
    case "or":
      return LEVEL.or;
    case "and":
      return LEVEL.and;
    case "isNull":
      return LEVEL.equality;
    case "compare":
      return node.operator === "=" || node.operator === "<>" ? LEVEL.equality : LEVEL.comparison;
    case "like":
    case "between":
    case "in":
      return LEVEL.comparison;
    case "arithmetic":
      return node.operator === "+" || node.operator === "-" ? LEVEL.sum : LEVEL.product;
    case "not":
    case "sign":
    case "xpath":
    case "xquery":
      return LEVEL.unary;
    default:
      return LEVEL.primary;
  }
}

function not({ negated }: { readonly negated: boolean }): string {
  return negated ? " NOT" : "";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
