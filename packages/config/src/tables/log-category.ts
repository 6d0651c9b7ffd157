import { type ElementRule, element, option, optionsOf, type Table } from "../declare.ts";
import { NAME } from "../value-types.ts";
import type { LogCategoryConfig } from "../virtual-host-config.ts";

const PREFIX = "org.apache.activemq.apollo.log";

/** `<log_category>`. [instance 7.11] */
export const LOG_CATEGORY: Table<LogCategoryConfig> = {
  console: option("console", NAME, `${PREFIX}.console`, "Start and stop, connectors, stores, reload."),
  security: option("security", NAME, `${PREFIX}.security`, "Refused logins."),
  connection: option("connection", NAME, `${PREFIX}.connection`, "Connections and their errors."),
  audit: option("audit", NAME, `${PREFIX}.audit`, "Who did what."),
};

/** `<log_category>` as an element. */
export const LOG_CATEGORY_RULE: ElementRule = element(
  "log_category",
  "Names of the loggers. In a virtual host, what is missing is the broker's.",
  { attributes: optionsOf(LOG_CATEGORY) },
);
