import { readFileSync } from "node:fs";
import { BrokerError } from "@tsapollo/domain";
import { type ConfigSources, formatMessage, type LoadedConfig, loadConfig } from "../src/index.ts";

/** A file of test/fixtures, read from the sources. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../../test/fixtures/${name}`, import.meta.url), "utf8");
}

/** Loads a text with nothing around it. */
export function load(text: string, more: Partial<ConfigSources> = {}): LoadedConfig {
  return loadConfig({ file: "apollo.xml", text, environment: {}, systemProperties: {}, ...more });
}

/** The text of the error that loading ends with. */
export function failure(text: string, more: Partial<ConfigSources> = {}): string {
  return errorText(() => load(text, more));
}

/** The text of the BrokerError that a call ends with. */
export function errorText(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof BrokerError && error.code === "BAD_CONFIGURATION") return error.message;
    throw error;
  }
  throw new Error("it did not fail");
}

/** The messages as they are shown. */
export function shown(loaded: LoadedConfig): string[] {
  return loaded.messages.map(formatMessage);
}

/** A broker around the content of its only virtual host. */
export function hostText(content: string): string {
  return `<broker>\n<virtual_host id="h">\n<host_name>h</host_name><null_store/>\n${content}\n</virtual_host></broker>`;
}
