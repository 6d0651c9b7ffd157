import type { Composite } from "rhea/lib/frames.js";
import terminus from "rhea/lib/terminus.js";
import types, { type Typed } from "rhea/lib/types.js";
import { decodeError } from "../conditions.ts";
import type { DeliveryState } from "./delivery-state.ts";
import { number, optionalText, symbols } from "./fields.ts";

/** A filter of a source: its name, and its value with what describes it. [AMQP 3.5.8] */
export interface FilterTerms {
  readonly name: string;
  /** Numeric or symbolic; undefined: it is not described. */
  readonly descriptor: number | string | undefined;
  readonly value: unknown;
  /** As it came, to be said back. */
  readonly pair: readonly unknown[];
}

/** What source and target have in common. [AMQP 3.5.3, 3.5.4] */
export interface TargetTerms {
  readonly address: string | undefined;
  readonly durable: number;
  readonly expiryPolicy: string;
  readonly timeoutS: number;
  readonly dynamic: boolean;
  /** `lifetime-policy` of a dynamic node: the descriptor's code; undefined when it is not said. */
  readonly lifetimePolicy: number | undefined;
  readonly capabilities: readonly string[];
}

/** A source. [AMQP 3.5.3] */
export interface SourceTerms extends TargetTerms {
  readonly distributionMode: string | undefined;
  readonly filters: readonly FilterTerms[];
  readonly defaultOutcome: DeliveryState["kind"] | undefined;
  readonly outcomes: readonly string[];
}

const SOURCE = 0x28;
const TARGET = 0x29;
const COORDINATOR = 0x30;

/** @throws AmqpError decode-error when it is no source */
export function readSource(field: unknown): SourceTerms | undefined {
  const typed = described(field);
  if (typed === undefined) return undefined;
  if (codeOf(typed) !== SOURCE) throw decodeError("The source of an attach is none");
  const source = terminus.unwrap(typed)!;
  return {
    ...common(source),
    distributionMode: optionalText(source["distribution_mode"], "distribution-mode"),
    filters: readFilters(source.value[7]),
    defaultOutcome: outcomeOf(source.value[8]),
    outcomes: symbols(source["outcomes"], "outcomes"),
  };
}

/** @throws AmqpError decode-error when it is neither target nor coordinator */
export function readTarget(field: unknown): TargetTerms | "coordinator" | undefined {
  const typed = described(field);
  if (typed === undefined) return undefined;
  const code = codeOf(typed);
  if (code === COORDINATOR) return "coordinator";
  if (code !== TARGET) throw decodeError("The target of an attach is none");
  return common(terminus.unwrap(typed)!);
}

function described(field: unknown): Typed | undefined {
  if (field === undefined || field === null) return undefined;
  const typed = field as Typed;
  if (typed.value === null && typed.descriptor === undefined) return undefined;
  if (typed.descriptor === undefined || !Array.isArray(typed.value))
    throw decodeError("A terminus is no described list");
  return typed;
}

const CODES: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ["amqp:source:list", SOURCE],
  ["amqp:target:list", TARGET],
  ["amqp:coordinator:list", COORDINATOR],
  ["amqp:delete-on-close:list", 0x2b],
  ["amqp:delete-on-no-links:list", 0x2c],
  ["amqp:delete-on-no-messages:list", 0x2d],
  ["amqp:delete-on-no-links-or-messages:list", 0x2e],
]);

function codeOf(typed: Typed): number | undefined {
  const descriptor = typed.descriptor?.value;
  return typeof descriptor === "number" ? descriptor : CODES.get(descriptor);
}

function common(from: Composite): TargetTerms {
  const { value } = from;
  return {
    address: optionalText(from["address"], "address"),
    durable: number(from["durable"], "durable", 0),
    expiryPolicy: optionalText(from["expiry_policy"], "expiry-policy") ?? "session-end",
    timeoutS: number(from["timeout"], "timeout", 0),
    dynamic: from["dynamic"] === true || from["dynamic"] === 1,
    lifetimePolicy: lifetimePolicy(value[5]),
    capabilities: symbols(from["capabilities"], "capabilities"),
  };
}

function pairsOf(typed: Typed | null | undefined, what: string): [Typed, Typed][] {
  if (typed === undefined || typed === null || typed.value === null) return [];
  if (!types.is_map(typed) || !Array.isArray(typed.value)) throw decodeError(`The field '${what}' is no map`);
  const items = typed.value as Typed[];
  const pairs: [Typed, Typed][] = [];
  for (let at = 0; at + 1 < items.length; at += 2) pairs.push([items[at]!, items[at + 1]!]);
  return pairs;
}

function lifetimePolicy(properties: Typed | null | undefined): number | undefined {
  for (const [key, value] of pairsOf(properties, "dynamic-node-properties")) {
    if (key.value === "lifetime-policy") return codeOf(value);
  }
  return undefined;
}

function readFilters(field: Typed | null | undefined): FilterTerms[] {
  return pairsOf(field, "filter").map(([key, value]) => {
    const descriptor = value.descriptor?.value;
    return {
      name: String(key.value),
      descriptor: typeof descriptor === "number" || typeof descriptor === "string" ? descriptor : undefined,
      value: value.value,
      pair: [key, value],
    };
  });
}

function outcomeOf(field: Typed | null | undefined): DeliveryState["kind"] | undefined {
  const descriptor = field?.descriptor?.value;
  switch (descriptor) {
    case 0x24:
    case "amqp:accepted:list":
      return "accepted";
    case 0x25:
    case "amqp:rejected:list":
      return "rejected";
    case 0x26:
    case "amqp:released:list":
      return "released";
    case 0x27:
    case "amqp:modified:list":
      return "modified";
    default:
      return undefined;
  }
}

const SYMBOL_MAX = 255;

function echoed(list: readonly string[]): readonly string[] | undefined {
  const short = list.filter((one) => one.length <= SYMBOL_MAX);
  return short.length === 0 ? undefined : short;
}

/** The source as an attach of ours says it: what the peer asked for, with what became of it. */
export function wrapSource(
  terms: SourceTerms,
  changes: { readonly address: string | undefined; readonly filters: readonly FilterTerms[] },
): unknown {
  const source = terminus.source({
    ...(changes.address === undefined ? {} : { address: changes.address }),
    durable: terms.durable,
    expiry_policy: terms.expiryPolicy,
    timeout: terms.timeoutS,
    dynamic: terms.dynamic,
    ...(terms.distributionMode === undefined ? {} : { distribution_mode: terms.distributionMode }),
    outcomes: ["amqp:accepted:list", "amqp:rejected:list", "amqp:released:list", "amqp:modified:list"],
    capabilities: echoed(terms.capabilities),
  });
  if (terms.dynamic) source.value[5] = lifetimeMap(terms);
  if (changes.filters.length > 0) {
    source.value[7] = types.Map32(changes.filters.flatMap(({ pair }) => pair) as Typed[]);
  }
  return source.described();
}

/** The target as an attach of ours says it. */
export function wrapTarget(terms: TargetTerms, address: string | undefined): unknown {
  const target = terminus.target({
    ...(address === undefined ? {} : { address }),
    durable: terms.durable,
    expiry_policy: terms.expiryPolicy,
    timeout: terms.timeoutS,
    dynamic: terms.dynamic,
    capabilities: echoed(terms.capabilities),
  });
  if (terms.dynamic) target.value[5] = lifetimeMap(terms);
  return target.described();
}

/** Nodes of ours live as long as the link that made them, or the connection. */
function lifetimeMap({ lifetimePolicy = 0x2b }: TargetTerms): Typed {
  const policy = types.described_nc(types.wrap_ulong(lifetimePolicy), types.wrap_list([]));
  return types.Map32([types.wrap_symbol("lifetime-policy"), policy]);
}

/** The coordinator as an attach of ours says it. [AMQP 4.5.1] */
export function wrapCoordinator(): unknown {
  const capabilities = types.wrap_symbol("amqp:local-transactions");
  return types.described_nc(types.wrap_ulong(COORDINATOR), types.wrap_list([capabilities]));
}
