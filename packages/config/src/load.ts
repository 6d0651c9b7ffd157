import { readFileSync } from "node:fs";
import { BrokerError } from "@tsapollo/domain";
import type { BrokerConfig } from "./broker-config.ts";
import { buildBroker } from "./build/broker.ts";
import { checkAgainst } from "./check.ts";
import { decryptValue, ENCRYPTION_PASSWORD_VARIABLE, isEncrypted } from "./encryption.ts";
import { deepFreeze } from "./freeze.ts";
import { LoadContext } from "./load-context.ts";
import type { ValidationMessage } from "./messages.ts";
import { parseProperties } from "./properties.ts";
import { type Lookup, substitute } from "./substitution.ts";
import { BROKER_RULE } from "./tables/broker.ts";
import { decodeXml } from "./xml/decode.ts";
import type { XmlElement } from "./xml/element.ts";
import { APOLLO_NAMESPACE, readXml } from "./xml/read-xml.ts";

/** What a configuration is made of. */
export interface ConfigSources {
  /** Path of `apollo.xml`; with `text` only its name in errors. */
  readonly file: string;
  /** The document; undefined: `file` is read, and `<file>.properties` where it exists. */
  readonly text?: string;
  /** Text of the properties file; with `text` nothing else is read. */
  readonly properties?: string;
  /** Environment variables: `${env.NAME}`, and the password of encrypted properties. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a JVM's system properties were; see `systemProperties`. */
  readonly systemProperties: Readonly<Record<string, string | undefined>>;
}

/** A configuration that can be used, and what there is to tell about it. */
export interface LoadedConfig {
  /** Deeply frozen. */
  readonly config: BrokerConfig;
  readonly messages: readonly ValidationMessage[];
}

/**
 * Loads a configuration. [instance 5]
 * @throws BrokerError BAD_CONFIGURATION when a file cannot be read, the document is not well-formed or a value cannot
 * be understood: `file:line:column: what is wrong; what would be right`
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const { file } = sources;
  const text = sources.text ?? decodeXml(readConfiguration(file), file);
  const properties = sources.properties ?? (sources.text === undefined ? readPropertiesOf(file) : "");
  const context = new LoadContext(file);
  const written = readXml(text, file);
  if (written.name !== BROKER_RULE.xmlName || !written.ours) {
    const wanted = `<broker xmlns="${APOLLO_NAMESPACE}">`;
    context.fail(
      written.position,
      `the root element is <${written.name}>; a configuration starts with ${wanted}`,
    );
  }
  const root = substituted(written, lookupOf(sources, `${file}.properties`, properties), context);
  checkAgainst(root, BROKER_RULE, context);
  const config = buildBroker(root, context);
  return { config: deepFreeze(config), messages: deepFreeze([...context.messages]) };
}

/** The configuration of a broker that is embedded without a file. [instance 7.1] */
export function defaultConfig(): BrokerConfig {
  const text =
    '<broker><virtual_host id="default"><host_name>localhost</host_name></virtual_host>' +
    '<connector id="default" bind="tcp://0.0.0.0:0"/></broker>';
  return loadConfig({ file: "default", text, environment: {}, systemProperties: {} }).config;
}

function readConfiguration(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const reason = missing
      ? "does not exist.\n\nTry creating a broker instance using the 'tsapollo create' command."
      : `cannot be read: ${(cause as Error).message}`;
    throw new BrokerError("BAD_CONFIGURATION", `Configuration file '${file}' ${reason}`, { cause });
  }
}

function readPropertiesOf(file: string): string {
  try {
    return readFileSync(`${file}.properties`, "latin1");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "";
    const reason = (cause as Error).message;
    throw new BrokerError("BAD_CONFIGURATION", `${file}.properties cannot be read: ${reason}`, { cause });
  }
}

/** Properties win over system properties, those over the environment. [instance 5.2] */
function lookupOf(sources: ConfigSources, propertiesFile: string, propertiesText: string): Lookup {
  const password = sources.environment[ENCRYPTION_PASSWORD_VARIABLE];
  const properties = new Map<string, string>();
  for (const [name, value] of parseProperties(propertiesText)) {
    properties.set(name, isEncrypted(value) ? decrypted(name, value, password, propertiesFile) : value);
  }
  return (name) =>
    properties.get(name) ?? own(sources.systemProperties, name) ?? environmentValue(sources, name);
}

function decrypted(name: string, value: string, password: string | undefined, file: string): string {
  try {
    return decryptValue(value, password);
  } catch (cause) {
    if (!(cause instanceof BrokerError)) throw cause;
    throw new BrokerError("BAD_CONFIGURATION", `${file}: ${name}: ${cause.message}`, { cause });
  }
}

function environmentValue(sources: ConfigSources, name: string): string | undefined {
  return name.startsWith("env.") ? own(sources.environment, name.slice("env.".length)) : undefined;
}

function own(record: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** The document with every reference in attributes and texts replaced. */
function substituted(element: XmlElement, lookup: Lookup, context: LoadContext): XmlElement {
  const replace = (text: string, position: XmlElement["position"], what: string): string =>
    context.at(position, what, () =>
      substitute(text, lookup, (name) => {
        context.info(position, `\${${name}}`, `nothing is known by the name \${${name}}; it stays as it is`);
      }),
    );
  return {
    ...element,
    attributes: element.attributes.map((attribute) => ({
      ...attribute,
      value: replace(attribute.value, attribute.position, `${attribute.name} of <${element.name}>`),
    })),
    text: replace(element.text, element.position, `text of <${element.name}>`),
    children: element.children.map((child) => substituted(child, lookup, context)),
  };
}
