import type { Address, Expression, PathPart } from "@tsapollo/domain";
import type { Qos } from "./wire.ts";

/** What {@link Filters.granted} says when no filter covers the name. */
export const NOT_GRANTED = -1;

const CACHE_MAX = 1_024;
const REMOVED_MAX = 16;

interface Node {
  /** QoS of the filter that ends here, or with a `#` below here; NOT_GRANTED when there is none. */
  qos: number;
  descendantsQos: number;
  literals: Map<string, Node> | undefined;
  child: Node | undefined;
  expressions:
    | { readonly expression: Expression; readonly source: string; readonly node: Node }[]
    | undefined;
}

/**
 * The topic filters of one session with the QoS each was granted, and the QoS a name gets from them: the maximum
 * of those that cover it. [MQTT-3.3.5-1] Wildcards at the first level do not cover names that begin with `$`.
 * [MQTT-4.7.2-1]
 */
export class Filters {
  readonly #byKey = new Map<string, { readonly address: Address; readonly qos: Qos }>();
  #length = 0;
  #patterns: Map<string, Node> | undefined;
  #removed = 0;
  readonly #cache = new Map<string, number>();
  #lastAddress: Address | undefined;
  #lastGranted = NOT_GRANTED;

  get size(): number {
    return this.#byKey.size;
  }

  /** How many characters (UTF-16 units) the keys of all filters have together. */
  get length(): number {
    return this.#length;
  }

  has(address: Address): boolean {
    return this.#byKey.has(address.key);
  }

  /** The filters, in the order in which they came. */
  addresses(): Address[] {
    return Array.from(this.#byKey.values(), (one) => one.address);
  }

  /** Adds a filter, or changes what it grants. [MQTT-3.8.4-3] */
  set(address: Address, qos: Qos): void {
    if (!this.#byKey.has(address.key)) this.#length += address.key.length;
    this.#byKey.set(address.key, { address, qos });
    if (address.isPattern) this.#place(address, qos);
    this.#forget();
  }

  /** Removes a filter; `false`: it was not there. */
  delete(address: Address): boolean {
    if (!this.#byKey.delete(address.key)) return false;
    this.#length -= address.key.length;
    if (address.isPattern) this.#remove(address);
    this.#forget();
    return true;
  }

  /** The QoS for a concrete name, or {@link NOT_GRANTED}. */
  granted(address: Address): number {
    if (address === this.#lastAddress) return this.#lastGranted;
    const granted = this.#lookUp(address);
    this.#lastAddress = address;
    this.#lastGranted = granted;
    return granted;
  }

  #lookUp(address: Address): number {
    const exact = this.#byKey.get(address.key)?.qos ?? NOT_GRANTED;
    if (this.#patterns === undefined) return exact;
    const known = this.#cache.get(address.key);
    if (known !== undefined) return known;
    const root = this.#patterns.get(address.kind);
    const granted = root === undefined ? exact : Math.max(exact, best(root, address.path, 0));
    if (this.#cache.size === CACHE_MAX) this.#cache.clear();
    this.#cache.set(address.key, granted);
    return granted;
  }

  #forget(): void {
    this.#cache.clear();
    this.#lastAddress = undefined;
  }

  /** Empty nodes stay until they outnumber the filters; then the tree is built anew. */
  #remove(address: Address): void {
    this.#place(address, NOT_GRANTED);
    this.#removed += 1;
    if (this.#removed <= this.#byKey.size + REMOVED_MAX) return;
    this.#removed = 0;
    this.#patterns = undefined;
    for (const one of this.#byKey.values()) if (one.address.isPattern) this.#place(one.address, one.qos);
  }

  #place(address: Address, qos: number): void {
    this.#patterns ??= new Map();
    let node = this.#patterns.get(address.kind);
    if (node === undefined) {
      node = newNode();
      this.#patterns.set(address.kind, node);
    }
    for (const part of address.path) {
      if (typeof part !== "string" && part.match === "descendants") {
        node.descendantsQos = qos;
        return;
      }
      node = below(node, part);
    }
    node.qos = qos;
  }
}

function newNode(): Node {
  return {
    qos: NOT_GRANTED,
    descendantsQos: NOT_GRANTED,
    literals: undefined,
    child: undefined,
    expressions: undefined,
  };
}

function below(node: Node, part: PathPart): Node {
  if (typeof part === "string") {
    node.literals ??= new Map();
    let next = node.literals.get(part);
    if (next === undefined) {
      next = newNode();
      node.literals.set(part, next);
    }
    return next;
  }
  if (part.match !== "regex") {
    node.child ??= newNode();
    return node.child;
  }
  node.expressions ??= [];
  const known = node.expressions.find((one) => one.source === part.source);
  if (known !== undefined) return known.node;
  const made = { expression: part.expression, source: part.source, node: newNode() };
  node.expressions.push(made);
  return made.node;
}

function best(node: Node, path: readonly PathPart[], depth: number): number {
  const part = path[depth];
  const wild = depth > 0 || typeof part !== "string" || !part.startsWith("$");
  let found = wild ? node.descendantsQos : NOT_GRANTED;
  if (part === undefined) return Math.max(found, node.qos);
  if (typeof part !== "string") return found;
  const literal = node.literals?.get(part);
  if (literal !== undefined) found = Math.max(found, best(literal, path, depth + 1));
  if (!wild) return found;
  if (node.child !== undefined) found = Math.max(found, best(node.child, path, depth + 1));
  for (const one of node.expressions ?? []) {
    if (one.expression.matches(part)) found = Math.max(found, best(one.node, path, depth + 1));
  }
  return found;
}
