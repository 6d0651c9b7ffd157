import { type PathPart, SmallSet, type Wildcard } from "@tsapollo/domain";

/** Names that begin so are reserved: a wildcard in first place does not match them (`$SYS` and the like). */
const RESERVED_PREFIX = "$";

interface Node<T extends NonNullable<unknown>> {
  /** Values whose path ends here. */
  here: SmallSet<T> | undefined;
  /** Values whose path ends here with the descendants wildcard. */
  below: SmallSet<T> | undefined;
  literals: Map<string, Node<T>> | undefined;
  anyChild: Node<T> | undefined;
  expressions: Map<string, Expression<T>> | undefined;
}

interface Expression<T extends NonNullable<unknown>> {
  readonly expression: Wildcarded;
  readonly node: Node<T>;
}

type Regex = Extract<Wildcard, { match: "regex" }>;
type Wildcarded = Regex["expression"];

function emptyNode<T extends NonNullable<unknown>>(): Node<T> {
  return {
    here: undefined,
    below: undefined,
    literals: undefined,
    anyChild: undefined,
    expressions: undefined,
  };
}

function isEmpty<T extends NonNullable<unknown>>(node: Node<T>): boolean {
  return (
    node.here === undefined &&
    node.below === undefined &&
    node.literals === undefined &&
    node.anyChild === undefined &&
    node.expressions === undefined
  );
}

/**
 * Values under paths, found both ways: the patterns that match a name ({@link PathTree.match}) and the names
 * that match a pattern ({@link PathTree.find}). `a.**` matches `a` and everything below it; what follows the
 * first `**` of a pattern is ignored. [messaging 2.5 A]
 */
export class PathTree<T extends NonNullable<unknown>> {
  readonly #root: Node<T> = emptyNode();
  #size = 0;

  /** How many values it holds. */
  get size(): number {
    return this.#size;
  }

  /** Adds a value under a path. `false`: it was there. */
  add(path: readonly PathPart[], value: T): boolean {
    let node = this.#root;
    for (const part of path) {
      if (isDescendants(part)) {
        node.below ??= new SmallSet();
        return this.#addTo(node.below, value);
      }
      node = childFor(node, part);
    }
    node.here ??= new SmallSet();
    return this.#addTo(node.here, value);
  }

  #addTo(values: SmallSet<T>, value: T): boolean {
    if (values.has(value)) return false;
    values.add(value);
    this.#size += 1;
    return true;
  }

  /** Removes a value from a path, and branches that became empty. `false`: it was not there. */
  remove(path: readonly PathPart[], value: T): boolean {
    return this.#remove(this.#root, path, 0, value);
  }

  #remove(node: Node<T>, path: readonly PathPart[], at: number, value: T): boolean {
    const part = path[at];
    if (part === undefined || isDescendants(part)) {
      const slot = part === undefined ? "here" : "below";
      const values = node[slot];
      if (values === undefined || !values.delete(value)) return false;
      if (values.size === 0) node[slot] = undefined;
      this.#size -= 1;
      return true;
    }
    const child = existingChild(node, part);
    if (child === undefined || !this.#remove(child, path, at + 1, value)) return false;
    if (isEmpty(child)) dropChild(node, part);
    return true;
  }

  /** Adds to `found` every value whose pattern matches the literal path. */
  match(path: readonly PathPart[], found: Set<T>): void {
    this.#match(this.#root, path, 0, found);
  }

  #match(node: Node<T>, path: readonly PathPart[], at: number, found: Set<T>): void {
    const part = path[at];
    const reserved = at === 0 && isReserved(part);
    if (node.below !== undefined && !reserved) for (const value of node.below) found.add(value);
    if (part === undefined) {
      if (node.here !== undefined) for (const value of node.here) found.add(value);
      return;
    }
    if (typeof part !== "string") return;
    const literal = node.literals?.get(part);
    if (literal !== undefined) this.#match(literal, path, at + 1, found);
    if (reserved) return;
    if (node.anyChild !== undefined) this.#match(node.anyChild, path, at + 1, found);
    if (node.expressions === undefined) return;
    for (const { expression, node: next } of node.expressions.values()) {
      if (expression.matches(part)) this.#match(next, path, at + 1, found);
    }
  }

  /** Calls back with every value under a literal path that the pattern matches. */
  find(pattern: readonly PathPart[], each: (value: T) => void): void {
    this.#find(this.#root, pattern, 0, each);
  }

  #find(node: Node<T>, pattern: readonly PathPart[], at: number, each: (value: T) => void): void {
    const part = pattern[at];
    if (part === undefined) {
      if (node.here !== undefined) for (const value of node.here) each(value);
      return;
    }
    if (typeof part === "string") {
      const next = node.literals?.get(part);
      if (next !== undefined) this.#find(next, pattern, at + 1, each);
      return;
    }
    if (part.match === "descendants") {
      this.#all(node, at === 0, each);
      return;
    }
    if (node.literals === undefined) return;
    for (const [name, next] of node.literals) {
      if (at === 0 && isReserved(name)) continue;
      if (part.match === "child" || part.expression.matches(name)) this.#find(next, pattern, at + 1, each);
    }
  }

  #all(node: Node<T>, atRoot: boolean, each: (value: T) => void): void {
    if (node.here !== undefined) for (const value of node.here) each(value);
    if (node.literals === undefined) return;
    for (const [name, next] of node.literals) {
      if (!(atRoot && isReserved(name))) this.#all(next, false, each);
    }
  }
}

/** Whether a subscription's pattern covers a literal path, by the same rules as {@link PathTree.match}. */
export function patternCovers(pattern: readonly PathPart[], path: readonly PathPart[]): boolean {
  for (let at = 0; at < pattern.length; at += 1) {
    const part = pattern[at]!;
    const name = path[at];
    if (at === 0 && typeof part !== "string" && isReserved(name)) return false;
    if (isDescendants(part)) return true;
    if (typeof name !== "string") return false;
    if (typeof part === "string" ? part !== name : part.match === "regex" && !part.expression.matches(name))
      return false;
  }
  return pattern.length === path.length;
}

function isDescendants(part: PathPart): boolean {
  return typeof part !== "string" && part.match === "descendants";
}

function isReserved(part: PathPart | undefined): boolean {
  return typeof part === "string" && part.startsWith(RESERVED_PREFIX);
}

function existingChild<T extends NonNullable<unknown>>(node: Node<T>, part: PathPart): Node<T> | undefined {
  if (typeof part === "string") return node.literals?.get(part);
  if (part.match === "child") return node.anyChild;
  return node.expressions?.get((part as Regex).source)?.node;
}

function childFor<T extends NonNullable<unknown>>(node: Node<T>, part: PathPart): Node<T> {
  const existing = existingChild(node, part);
  if (existing !== undefined) return existing;
  const child = emptyNode<T>();
  if (typeof part === "string") {
    node.literals ??= new Map();
    node.literals.set(part, child);
  } else if (part.match === "child") {
    node.anyChild = child;
  } else {
    const { expression, source } = part as Regex;
    node.expressions ??= new Map();
    node.expressions.set(source, { expression, node: child });
  }
  return child;
}

function dropChild<T extends NonNullable<unknown>>(node: Node<T>, part: PathPart): void {
  if (typeof part === "string") {
    node.literals!.delete(part);
    if (node.literals!.size === 0) node.literals = undefined;
  } else if (part.match === "child") {
    node.anyChild = undefined;
  } else {
    node.expressions!.delete((part as Regex).source);
    if (node.expressions!.size === 0) node.expressions = undefined;
  }
}
