/**
 * A selector evaluator written straight from [messaging 14.3], with nothing of the package's: tables, exceptions
 * and regular expressions, no matter what it costs. The property test compares the two.
 */

export type Scalar = string | number | bigint | boolean | null;
export type Tree =
  | { readonly op: "name"; readonly name: string }
  | { readonly op: "literal"; readonly value: Scalar; readonly whole: boolean }
  | { readonly op: "not" | "neg"; readonly a: Tree }
  | { readonly op: "and" | "or"; readonly list: readonly Tree[] }
  | { readonly op: "compare"; readonly sign: string; readonly a: Tree; readonly b: Tree }
  | { readonly op: "math"; readonly sign: string; readonly a: Tree; readonly b: Tree }
  | { readonly op: "like"; readonly a: Tree; readonly pattern: string; readonly not: boolean }
  | { readonly op: "in"; readonly name: string; readonly list: readonly string[]; readonly not: boolean }
  | { readonly op: "null"; readonly a: Tree; readonly not: boolean }
  | {
      readonly op: "between";
      readonly a: Tree;
      readonly low: Tree;
      readonly high: Tree;
      readonly not: boolean;
    };
export type Bag = Readonly<Record<string, string | number | bigint | boolean>>;

class NoAnswer extends Error {}

/** The tree as text, every operator in parentheses. */
export function write(tree: Tree): string {
  switch (tree.op) {
    case "name":
      return tree.name;
    case "literal":
      return writeLiteral(tree.value, tree.whole);
    case "not":
      return `(NOT (${write(tree.a)}))`;
    case "neg":
      return `(- (${write(tree.a)}))`;
    case "and":
    case "or":
      return `(${tree.list.map(write).join(` ${tree.op} `)})`;
    case "compare":
    case "math":
      return `(${write(tree.a)} ${tree.sign} ${write(tree.b)})`;
    case "like":
      return `(${write(tree.a)}${tree.not ? " not" : ""} like '${tree.pattern}')`;
    case "in":
      return `(${tree.name}${tree.not ? " not" : ""} in (${tree.list.map((one) => `'${one}'`).join()}))`;
    case "null":
      return `(${write(tree.a)} is${tree.not ? " not" : ""} null)`;
    case "between":
      return `(${write(tree.a)}${tree.not ? " not" : ""} between ${write(tree.low)} and ${write(tree.high)})`;
  }
}

function writeLiteral(value: Scalar, whole: boolean): string {
  if (typeof value === "string") return `'${value}'`;
  if (value === null) return "null";
  if (typeof value === "number" && !whole) return value.toExponential();
  return String(value);
}

/** Whether the tree is true for the properties. */
export function holds(tree: Tree, bag: Bag, converting: boolean): boolean {
  try {
    return value(tree, bag, converting) === true;
  } catch (error) {
    if (error instanceof NoAnswer) return false;
    throw error;
  }
}

function value(tree: Tree, bag: Bag, converting: boolean): Scalar {
  const of = (part: Tree): Scalar => value(part, bag, converting);
  const truth = (part: Tree): boolean | null => {
    const found = of(part);
    return found === null ? null : found === true;
  };
  const negate = (found: boolean | null, really: boolean): boolean | null =>
    found === null ? null : found !== really;
  switch (tree.op) {
    case "name":
      return bag[tree.name] ?? null;
    case "literal":
      return tree.value;
    case "not":
      return negate(truth(tree.a), true);
    case "neg": {
      const found = of(tree.a);
      return found === null ? null : math("*", -1, found, converting);
    }
    case "and":
      return tree.list.reduce<boolean | null>((left, part) => (left === true ? truth(part) : left), true);
    case "or":
      return tree.list.reduce<boolean | null>((left, part) => (left === true ? true : truth(part)), false);
    case "compare":
      return compare(tree.sign, tree.a, of(tree.a), tree.b, of(tree.b), converting);
    case "math": {
      const [a, b] = [of(tree.a), of(tree.b)];
      return a === null || b === null ? null : math(tree.sign, a, b, converting);
    }
    case "like": {
      const found = of(tree.a);
      const source = tree.pattern.replaceAll("_", ".").replaceAll("%", ".*");
      if (found === null) return null;
      return negate(typeof found === "string" && new RegExp(`^${source}$`, "su").test(found), tree.not);
    }
    case "in": {
      const found = bag[tree.name];
      return typeof found === "string" ? negate(tree.list.includes(found), tree.not) : null;
    }
    case "null":
      return (of(tree.a) === null) !== tree.not;
    case "between": {
      const { a, low, high, not } = tree;
      const first: Tree = { op: "compare", sign: not ? "<" : ">=", a, b: low };
      const second: Tree = { op: "compare", sign: not ? ">" : "<=", a, b: high };
      return of({ op: not ? "or" : "and", list: [first, second] });
    }
  }
}

function compare(
  sign: string,
  at: Tree,
  a: Scalar,
  bt: Tree,
  b: Scalar,
  converting: boolean,
): boolean | null {
  if (a === null || b === null) return null;
  if (sign === "<>") return !compare("=", at, a, bt, b, converting);
  let [left, right]: [Scalar, Scalar] = [a, b];
  if (converting && typeof a === "string" && typeof b !== "string") left = converted(a, b, isWhole(bt));
  if (converting && typeof b === "string" && typeof a !== "string") right = converted(b, a, isWhole(at));
  if (left === null || right === null) return false;
  const numbers = [left, right].every((one) => typeof one === "number" || typeof one === "bigint");
  if (!numbers && typeof left !== typeof right) return false;
  switch (sign) {
    case "=":
      return left >= right && left <= right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    default:
      return left >= right;
  }
}

/** Whether an expression is a whole number by its form. */
function isWhole(tree: Tree): boolean {
  if (tree.op === "literal") return tree.whole;
  if (tree.op === "neg") return isWhole(tree.a);
  return tree.op === "math" && /[-+*]/.test(tree.sign) && isWhole(tree.a) && isWhole(tree.b);
}

function converted(text: string, other: Scalar, whole: boolean): Scalar {
  if (typeof other === "boolean") return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : null;
  const pattern =
    whole || typeof other === "bigint"
      ? /^[-+]?[0-9]+$/
      : /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?$/i;
  return pattern.test(text) ? Number(text) : null;
}

function math(sign: string, a: Scalar, b: Scalar, converting: boolean): Scalar {
  if (sign === "+" && typeof a === "string") return `${a}${b}`;
  const [left, right] = [a, b].map((one) => {
    if (typeof one === "number" || typeof one === "bigint") return Number(one);
    if (typeof one !== "string" || !converting) throw new NoAnswer();
    const number = converted(one, 0, !one.includes("."));
    if (number === null) throw new NoAnswer();
    return Number(number);
  }) as [number, number];
  if (sign === "/") return left / right;
  if (sign === "%") return left % right;
  const result = sign === "+" ? left + right : sign === "-" ? left - right : left * right;
  // Whole numbers of a type of their own know no negative zero.
  const exact = [a, b].some((one) => typeof one === "bigint") && [left, right].every(Number.isInteger);
  return exact && result === 0 ? 0 : result;
}
