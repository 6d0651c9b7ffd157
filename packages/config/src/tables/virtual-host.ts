import { accepted, type ElementRule, element, option, optionsOf, ours, type Table } from "../declare.ts";
import { count, FLAG, memorySize, TEXT_OR_NONE } from "../value-types.ts";
import type { VirtualHostConfig } from "../virtual-host-config.ts";
import { DSUB_RULE, QUEUE_RULE, TOPIC_RULE } from "./destinations.ts";
import { LOG_CATEGORY_RULE } from "./log-category.ts";
import { ACCESS_RULE_RULE, AUTHENTICATION_RULE } from "./security.ts";
import { STORE_RULES } from "./stores.ts";

/** Attributes of `<virtual_host>`. */
export type VirtualHostAttributes = Pick<
  VirtualHostConfig,
  | "enabled"
  | "autoCreateDestinations"
  | "purgeOnStartup"
  | "memoryLimitBytes"
  | "destinationsMax"
  | "slowConsumerTimeoutS"
  | "consumerBufferBytes"
  | "transactionBytesMax"
  | "bindingsBytesMax"
> & { readonly id: string | undefined };

/** `<virtual_host>`. [instance 7.2] */
export const VIRTUAL_HOST: Table<VirtualHostAttributes> = {
  id: option(
    "id",
    TEXT_OR_NONE,
    undefined,
    "Identity, for management, logs and rules; missing: its first host name, with a warning.",
  ),
  enabled: option("enabled", FLAG, true, "`false`: the host does not start."),
  autoCreateDestinations: option(
    "auto_create_destinations",
    FLAG,
    true,
    "Create topics and queues on first use.",
  ),
  purgeOnStartup: option("purge_on_startup", FLAG, false, "Empty the store at every start."),
  memoryLimitBytes: ours(
    "memory_limit",
    memorySize(1),
    512 * 1_024 * 1_024,
    "Memory for messages in the host's queues and subscriptions; producers wait when it is used up.",
  ),
  destinationsMax: ours(
    "destinations_max",
    count(1, Number.MAX_SAFE_INTEGER),
    1_000_000,
    "Most queues, topics and durable subscriptions at once.",
  ),
  slowConsumerTimeoutS: ours(
    "slow_consumer_timeout",
    count(0, 86_400),
    30,
    "Seconds without any progress after which a topic subscriber is ended; 0: never.",
  ),
  consumerBufferBytes: ours(
    "consumer_buffer",
    memorySize(1),
    640 * 1_024,
    "What waits for one slow topic subscriber before its producers wait.",
  ),
  transactionBytesMax: ours(
    "transaction_limit",
    memorySize(1),
    100 * 1_024 * 1_024,
    "Messages of one transaction.",
  ),
  bindingsBytesMax: ours(
    "bindings_limit",
    memorySize(1),
    128 * 1_024 * 1_024,
    "Memory for what one client's subscriptions are joined to: about 200 bytes for a queue, 50 for a retained message that waits.",
  ),
};

/** `<virtual_host>` with its children. */
export const VIRTUAL_HOST_RULE: ElementRule = element(
  "virtual_host",
  "An isolated scope of names, with its own store, rules and destinations. The first is the default host.",
  {
    occurs: "many",
    attributes: [
      ...optionsOf(VIRTUAL_HOST),
      accepted("regroup_connections", "Moves work between threads; there is one event loop here."),
    ],
    children: [
      element("host_name", "", {
        occurs: "many",
        text: "A name that clients may ask for, compared exactly.",
      }),
      ...STORE_RULES,
      AUTHENTICATION_RULE,
      ACCESS_RULE_RULE,
      QUEUE_RULE,
      TOPIC_RULE,
      DSUB_RULE,
      LOG_CATEGORY_RULE,
      element("heap_bypass", "", { effect: "accepted", text: "Memory outside Java's heap." }),
    ],
  },
);
