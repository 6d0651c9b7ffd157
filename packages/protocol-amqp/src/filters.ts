import type { MessageFilter } from "@tsapollo/domain";
import type { FilterTerms, SourceTerms } from "./codec/terminus.ts";
import { AmqpError } from "./conditions.ts";
import type { OpenConnection } from "./open-connection.ts";

/** How filters of the JMS mapping are described; some clients only name them. */
const SELECTOR: ReadonlySet<number | string> = new Set([
  0x468c_0000_0004,
  "apache.org:selector-filter:string",
]);
const NO_LOCAL: ReadonlySet<number | string> = new Set([0x468c_0000_0003, "apache.org:no-local-filter:list"]);

/** What the filters of a source come to. */
export interface Filters {
  readonly filter: MessageFilter | undefined;
  /** Those that have an effect, as they came: an attach of ours says which. [AMQP 3.5.8] */
  readonly applied: readonly FilterTerms[];
}

/**
 * Reads `jms-selector` and `no-local`, by descriptor or, without a known one, by name; others have no effect.
 * @throws AmqpError amqp:invalid-field, BrokerError BAD_SELECTOR
 */
export function readFilters(source: SourceTerms, connection: OpenConnection): Filters {
  let selector: string | undefined;
  let notFrom: string | undefined;
  const applied: FilterTerms[] = [];
  for (const terms of source.filters) {
    const kind = kindOf(terms);
    if (kind === undefined) continue;
    if (kind === "no-local") notFrom = connection.containerId;
    else if (typeof terms.value === "string") selector = terms.value;
    else throw new AmqpError("link", "amqp:invalid-field", `The filter '${terms.name}' is no string`);
    applied.push(terms);
  }
  return { filter: connection.shared.selectors.filter(selector, notFrom), applied };
}

function kindOf({ name, descriptor }: FilterTerms): "selector" | "no-local" | undefined {
  if (descriptor !== undefined && SELECTOR.has(descriptor)) return "selector";
  if (descriptor !== undefined && NO_LOCAL.has(descriptor)) return "no-local";
  if (name === "jms-selector" || name === "selector") return "selector";
  return name === "no-local" ? "no-local" : undefined;
}
