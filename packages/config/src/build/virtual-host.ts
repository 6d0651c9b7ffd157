import { childOf, childrenOf, type LoadContext, textsOf } from "../load-context.ts";
import type { AuthenticationConfig } from "../security-config.ts";
import { LOG_CATEGORY } from "../tables/log-category.ts";
import { VIRTUAL_HOST } from "../tables/virtual-host.ts";
import type { LogCategoryConfig, VirtualHostConfig } from "../virtual-host-config.ts";
import type { XmlElement } from "../xml/element.ts";
import { buildAccessRules } from "./access-rule.ts";
import { buildAuthentication } from "./authentication.ts";
import { buildDsub, buildQueue, buildTopic } from "./destinations.ts";
import { buildStore } from "./store.ts";

/** What a virtual host takes from the broker when it says nothing itself. */
export interface BrokerDefaults {
  readonly authentication: AuthenticationConfig;
  readonly logCategory: LogCategoryConfig;
}

/**
 * `<virtual_host>`. [instance 7.2]
 * @param number its place among the hosts, from 1; names a host that has no name at all
 */
export function buildVirtualHost(
  element: XmlElement,
  number: number,
  defaults: BrokerDefaults,
  context: LoadContext,
): VirtualHostConfig {
  const { id: writtenId, ...attributes } = context.read(element, VIRTUAL_HOST);
  const hostNames = textsOf(element, "host_name");
  const id = writtenId ?? hostNames[0] ?? `virtual-host-${number}`;
  if (writtenId === undefined)
    context.warn(element.position, `<virtual_host> has no id; it is called '${id}'`);
  if (hostNames.length === 0) {
    context.warn(
      element.position,
      `virtual host '${id}' has no <host_name>; clients that name a host cannot reach it`,
    );
  }
  const authentication = childOf(element, "authentication");
  return {
    id,
    ...attributes,
    hostNames,
    store: buildStore(element, id, context),
    accessRules: buildAccessRules(childrenOf(element, "access_rule"), "virtual-host", context),
    queues: destinations(element, "queue", context, buildQueue),
    topics: destinations(element, "topic", context, buildTopic),
    dsubs: destinations(element, "dsub", context, buildDsub),
    authentication:
      authentication === undefined ? defaults.authentication : buildAuthentication(authentication, context),
    logCategory: buildLogCategory(childOf(element, "log_category"), defaults.logCategory, context),
  };
}

function destinations<T>(
  host: XmlElement,
  name: string,
  context: LoadContext,
  build: (element: XmlElement, context: LoadContext) => T | undefined,
): readonly T[] {
  return childrenOf(host, name)
    .map((element) => build(element, context))
    .filter((built): built is T & {} => built !== undefined);
}

function buildLogCategory(
  element: XmlElement | undefined,
  broker: LogCategoryConfig,
  context: LoadContext,
): LogCategoryConfig {
  if (element === undefined) return broker;
  const written = context.read(element, LOG_CATEGORY);
  const own = element.attributes.map(({ name }) => [name, written[name as keyof LogCategoryConfig]] as const);
  return { ...broker, ...Object.fromEntries(own.filter(([name]) => Object.hasOwn(LOG_CATEGORY, name))) };
}
