import type { BrokerConfig, ServiceConfig, WebAdminConfig } from "../broker-config.ts";
import {
  accepted,
  type ElementRule,
  element,
  option,
  optionsOf,
  ours,
  required,
  type Table,
} from "../declare.ts";
import { count, FLAG, NAME, oneOf, TEXT_OR_NONE } from "../value-types.ts";
import { CONNECTOR_RULE } from "./connector.ts";
import { LOG_CATEGORY_RULE } from "./log-category.ts";
import { ACCESS_RULE_RULE, AUTHENTICATION_RULE, KEY_STORAGE_RULE } from "./security.ts";
import { VIRTUAL_HOST_RULE } from "./virtual-host.ts";

/** Attributes of `<broker>`. */
export type BrokerAttributes = Pick<
  BrokerConfig,
  "id" | "validation" | "securityFactory" | "shutdownGraceMs" | "xpathSelectors" | "sysIntervalS"
>;

/** `<broker>`. [instance 7.1] */
export const BROKER: Table<BrokerAttributes> = {
  id: option("id", NAME, "default", "Part of the names of temporary destinations. Only read at start."),
  validation: option<"strict" | "hide" | undefined>(
    "validation",
    oneOf("strict", "hide"),
    undefined,
    "What start-up does about validation messages: missing, it shows them; `hide`: it does not; `strict`: it shows them and does not start.",
  ),
  securityFactory: option(
    "security_factory",
    TEXT_OR_NONE,
    undefined,
    "Module with an authentication and authorization of its own. Refuses to start when it cannot be loaded.",
  ),
  shutdownGraceMs: ours(
    "shutdown_grace",
    count(0, 86_400_000),
    10_000,
    "Milliseconds a stop waits for connections and stores.",
  ),
  xpathSelectors: ours(
    "xpath_selectors",
    FLAG,
    false,
    "Whether selectors may have XPATH. One evaluation may keep the whole broker busy for 100 ms: for clients that are trusted.",
  ),
  sysIntervalS: ours(
    "sys_interval",
    count(0, 86_400),
    10,
    "Seconds between two updates of the topics `$SYS/broker/…` (see sys-topics.md); 0: there are none.",
  ),
};

/** `<web_admin>`. [instance 7.10] */
export const WEB_ADMIN: Table<WebAdminConfig> = {
  bind: option(
    "bind",
    NAME,
    "http://127.0.0.1:61680",
    "`http://host:port/prefix?cors_origin=…` or `https://…`.",
  ),
};

/** `<service>`. [instance 7.12] */
export const SERVICE: Table<ServiceConfig> = {
  id: option("id", TEXT_OR_NONE, undefined, "Name, for messages."),
  kind: required("kind", NAME, "", "Module to load; a warning when it cannot be."),
};

/** `<broker>` with everything in it: the whole of a configuration file. */
export const BROKER_RULE: ElementRule = element("broker", "The root element.", {
  attributes: optionsOf(BROKER),
  children: [
    element("notes", "", { text: "Anything." }),
    element("client_address", "", {
      text: "Address that clients should use; missing: the first connector's.",
    }),
    LOG_CATEGORY_RULE,
    AUTHENTICATION_RULE,
    ACCESS_RULE_RULE,
    VIRTUAL_HOST_RULE,
    CONNECTOR_RULE,
    KEY_STORAGE_RULE,
    element("web_admin", "Where the management answers.", {
      occurs: "many",
      attributes: optionsOf(WEB_ADMIN),
    }),
    element("service", "Starts something extra with the broker; may hold elements of any other namespace.", {
      occurs: "many",
      attributes: optionsOf(SERVICE),
      open: true,
    }),
    element("auto_gc", "Garbage collection is the runtime's matter.", {
      effect: "accepted",
      occurs: "many",
      attributes: [accepted("interval", "")],
    }),
    element("jmx", "There is no JMX; the management has the same facts.", {
      effect: "accepted",
      occurs: "many",
      attributes: [accepted("enabled", ""), accepted("admin_url", "")],
    }),
    element("network_manager", "Was an experiment, never released.", {
      effect: "accepted",
      occurs: "many",
      open: true,
    }),
  ],
});

/** Names of the past, and what to do about them. [instance 7.13] */
export const HISTORIC_NAMES: ReadonlyMap<string, string> = new Map([
  ["acl", "it is ignored and protects nothing; use <access_rule>"],
  ["auto_create_queues", "it is ignored; use auto_create_destinations"],
  ["enable", "it is ignored; the name is enabled"],
  ["acl_principal_kinds", "it is ignored; the name is <acl_principal_kind>"],
  ["user_principal_kinds", "it is ignored; the name is <user_principal_kind>"],
  ["memory_store", "it is ignored; use <null_store/>"],
  ["hawtdb_store", "it is ignored; use <leveldb_store>"],
  ["jdbm2_store", "it is ignored; use <leveldb_store>"],
  ["unified", "it is ignored; queues and topics of one name are separate, see mirrored"],
  ["queue_buffer", "it is ignored; use tail_buffer"],
]);
