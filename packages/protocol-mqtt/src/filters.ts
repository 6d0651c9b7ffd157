import { type Address, type Expression, type PathPart, SmallMap } from "@tsapollo/domain";
import type { FilterOptions } from "./filter-request.ts";
import { identifierProperties, NONE } from "./property-bytes.ts";

/** {@link Match.qos} when no filter covers the name. */
export const NOT_GRANTED = -1;

/** What the filters that cover a name give together: one copy of a message. [MQTT-3.3.5-1] [MQTT5-3.3.4-2] */
export interface Match {
  /** The highest one granted; {@link NOT_GRANTED} when no filter covers the name. */
  readonly qos: number;
  /** Whether none of them wants what the client itself published. [MQTT5-3.8.3-3] */
  readonly noLocal: boolean;
  /** Whether one of them wants the RETAIN flag as it was published. [MQTT5-3.3.1-13] */
  readonly retainAsPublished: boolean;
  /** All subscription identifiers, as properties of a PUBLISH. [MQTT5-3.3.4-4] */
  readonly identifiers: Uint8Array;
}

/** No filter covers it. */
export const NO_MATCH: Match = Object.freeze({
  qos: NOT_GRANTED,
  noLocal: false,
  retainAsPublished: false,
  identifiers: NONE,
});

/** A filter and what was granted. */
export interface Filter extends FilterOptions {
  readonly address: Address;
}

const CACHE_MAX = 1_024;
/** Identifiers that are remembered, of all names together. */
const CACHE_BYTES_MAX = 262_144;
const REMOVED_MAX = 16;

interface Node {
  /** The filter that ends here, or with a `#` below here. */
  here: Filter | undefined;
  descendants: Filter | undefined;
  literals: Map<string, Node> | undefined;
  child: Node | undefined;
  expressions:
    | { readonly expression: Expression; readonly source: string; readonly node: Node }[]
    | undefined;
}

/**
 * The topic filters of one session with what each was granted, and what a name gets from them together. Wildcards at
 * the first level do not cover names that begin with `$`. [MQTT-4.7.2-1]
 */
export class Filters {
  readonly #byKey = new SmallMap<string, Filter>();
  #length = 0;
  #noLocal = 0;
  #patterns: Map<string, Node> | undefined;
  #removed = 0;
  readonly #cache = new SmallMap<string, Match>();
  #cacheBytes = 0;
  #lastAddress: Address | undefined;
  #lastMatch = NO_MATCH;

  get size(): number {
    return this.#byKey.size;
  }

  /** How many characters (UTF-16 units) the keys of all filters have together. */
  get length(): number {
    return this.#length;
  }

  /** Whether the client does not want some of what it publishes itself. */
  get hasNoLocal(): boolean {
    return this.#noLocal > 0;
  }

  /** The filter with this key of its address. */
  get(key: string): Filter | undefined {
    return this.#byKey.get(key);
  }

  has(address: Address): boolean {
    return this.#byKey.has(address.key);
  }

  /** The filters, in the order in which they came. */
  all(): IterableIterator<Filter> {
    return this.#byKey.values();
  }

  /** Adds a filter, or changes what it grants. [MQTT-3.8.4-3] [MQTT5-3.8.4-3] */
  set(filter: Filter): void {
    const { address } = filter;
    const known = this.#byKey.get(address.key);
    if (known === undefined) this.#length += address.key.length;
    this.#noLocal += Number(filter.noLocal) - Number(known?.noLocal ?? false);
    this.#byKey.set(address.key, filter);
    if (address.isPattern) this.#place(address, filter);
    this.#forget();
  }

  /** Removes a filter; `false`: it was not there. */
  delete(address: Address): boolean {
    const known = this.#byKey.get(address.key);
    if (known === undefined) return false;
    this.#byKey.delete(address.key);
    this.#length -= address.key.length;
    this.#noLocal -= Number(known.noLocal);
    if (address.isPattern) this.#remove(address);
    this.#forget();
    return true;
  }

  /** What a concrete name gets. */
  match(address: Address): Match {
    if (address === this.#lastAddress) return this.#lastMatch;
    const match = this.#lookUp(address);
    this.#lastAddress = address;
    this.#lastMatch = match;
    return match;
  }

  #lookUp(address: Address): Match {
    const known = this.#cache.get(address.key);
    if (known !== undefined) return known;
    const found: Filter[] = [];
    const exact = this.#byKey.get(address.key);
    if (exact !== undefined) found.push(exact);
    const root = this.#patterns?.get(address.kind);
    if (root !== undefined) collect(root, address.path, 0, found);
    const match = together(found);
    if (this.#cache.size === CACHE_MAX || this.#cacheBytes > CACHE_BYTES_MAX) this.#clearCache();
    this.#cacheBytes += match.identifiers.length;
    this.#cache.set(address.key, match);
    return match;
  }

  #forget(): void {
    this.#clearCache();
    this.#lastAddress = undefined;
  }

  #clearCache(): void {
    this.#cache.clear();
    this.#cacheBytes = 0;
  }

  /** Empty nodes stay until they outnumber the filters; then the tree is built anew. */
  #remove(address: Address): void {
    this.#place(address, undefined);
    this.#removed += 1;
    if (this.#removed <= this.#byKey.size + REMOVED_MAX) return;
    this.#removed = 0;
    this.#patterns = undefined;
    for (const one of this.#byKey.values()) if (one.address.isPattern) this.#place(one.address, one);
  }

  #place(address: Address, filter: Filter | undefined): void {
    this.#patterns ??= new Map();
    let node = this.#patterns.get(address.kind);
    if (node === undefined) {
      node = newNode();
      this.#patterns.set(address.kind, node);
    }
    for (const part of address.path) {
      if (typeof part !== "string" && part.match === "descendants") {
        node.descendants = filter;
        return;
      }
      node = below(node, part);
    }
    node.here = filter;
  }
}

/** What filters that cover the same name give together. */
export function together(filters: readonly FilterOptions[]): Match {
  const [first] = filters;
  if (first === undefined) return NO_MATCH;
  let qos = NOT_GRANTED;
  let noLocal = true;
  let retainAsPublished = false;
  const identifiers: number[] = [];
  for (const one of filters) {
    qos = Math.max(qos, one.qos);
    noLocal &&= one.noLocal;
    retainAsPublished ||= one.retainAsPublished;
    if (one.identifier !== 0) identifiers.push(one.identifier);
  }
  return { qos, noLocal, retainAsPublished, identifiers: identifierProperties(identifiers) };
}

function newNode(): Node {
  return {
    here: undefined,
    descendants: undefined,
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

function collect(node: Node, path: readonly PathPart[], depth: number, found: Filter[]): void {
  const part = path[depth];
  const wild = depth > 0 || typeof part !== "string" || !part.startsWith("$");
  if (wild && node.descendants !== undefined) found.push(node.descendants);
  if (part === undefined) {
    if (node.here !== undefined) found.push(node.here);
    return;
  }
  if (typeof part !== "string") return;
  const literal = node.literals?.get(part);
  if (literal !== undefined) collect(literal, path, depth + 1, found);
  if (!wild) return;
  if (node.child !== undefined) collect(node.child, path, depth + 1, found);
  for (const one of node.expressions ?? []) {
    if (one.expression.matches(part)) collect(one.node, path, depth + 1, found);
  }
}
