import type { BrokerConfig, WebAdminConfig } from "../broker-config.ts";
import { attributeOf, childOf, childrenOf, type LoadContext, MISSING_ELEMENT } from "../load-context.ts";
import { BROKER, SERVICE, WEB_ADMIN } from "../tables/broker.ts";
import { LOG_CATEGORY } from "../tables/log-category.ts";
import { KEY_STORAGE } from "../tables/security.ts";
import type { XmlElement } from "../xml/element.ts";
import { buildAccessRules } from "./access-rule.ts";
import { buildAuthentication } from "./authentication.ts";
import { buildConnector } from "./connector.ts";
import { buildVirtualHost } from "./virtual-host.ts";

/** `<broker>`: a file without virtual hosts, connectors and so on has none. [instance 7.1] */
export function buildBroker(root: XmlElement, context: LoadContext): BrokerConfig {
  const authentication = buildAuthentication(childOf(root, "authentication"), context);
  const logCategory = context.read(childOf(root, "log_category") ?? MISSING_ELEMENT, LOG_CATEGORY);
  const keyStorage = childOf(root, "key_storage");
  const hosts = childrenOf(root, "virtual_host");
  const connectors = childrenOf(root, "connector");
  const config: BrokerConfig = {
    ...context.read(root, BROKER),
    notes: textOf(root, "notes"),
    clientAddress: textOf(root, "client_address"),
    virtualHosts: hosts.map((element, at) =>
      buildVirtualHost(element, at + 1, { authentication, logCategory }, context),
    ),
    connectors: connectors.map((element, at) => buildConnector(element, at + 1, context)),
    webAdmins: childrenOf(root, "web_admin").map((element) => buildWebAdmin(element, context)),
    keyStorage: keyStorage === undefined ? undefined : context.read(keyStorage, KEY_STORAGE),
    accessRules: buildAccessRules(childrenOf(root, "access_rule"), "broker", context),
    authentication,
    logCategory,
    services: childrenOf(root, "service").map((element) => context.read(element, SERVICE)),
  };
  checkIds(hosts, config.virtualHosts, context);
  checkIds(connectors, config.connectors, context);
  checkHostNames(hosts, config, context);
  return config;
}

function textOf(root: XmlElement, name: string): string | undefined {
  return childOf(root, name)?.text || undefined;
}

function buildWebAdmin(element: XmlElement, context: LoadContext): WebAdminConfig {
  const built = context.read(element, WEB_ADMIN);
  if (/^https?:\/\//i.test(built.bind)) return built;
  const position = attributeOf(element, "bind")?.position ?? element.position;
  return context.fail(
    position,
    `bind of <web_admin>: '${built.bind}' is neither http://host:port nor https://host:port`,
  );
}

/** Rules, logs and the management know hosts and connectors by id alone. */
function checkIds(
  elements: readonly XmlElement[],
  built: readonly { readonly id: string }[],
  context: LoadContext,
): void {
  const seen = new Set<string>();
  built.forEach(({ id }, at) => {
    const element = elements[at]!;
    if (seen.has(id))
      context.fail(element.position, `a second <${element.name}> with id '${id}'; give it another id`);
    seen.add(id);
  });
}

/** Should two hosts claim one name, the first has it. [instance 12] */
function checkHostNames(elements: readonly XmlElement[], config: BrokerConfig, context: LoadContext): void {
  const owners = new Map<string, string>();
  config.virtualHosts.forEach(({ id, hostNames }, at) => {
    for (const name of hostNames) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, id);
      else if (owner !== id)
        context.warn(elements[at]!.position, `host name '${name}' belongs to '${owner}' already`);
    }
  });
}
