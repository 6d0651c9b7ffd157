/** The entries of a log4j.properties, with `${…}` resolved, and what is found wrong with them. */
import { parseProperties } from "@tsapollo/config";

/** What the readers of a log4j.properties share. */
export interface Log4jEntries {
  /** Names as in the file, values as in the file. */
  readonly all: ReadonlyMap<string, string>;
  /** The value of a name, `${…}` resolved; undefined when absent, or when a `${…}` has no value. */
  value(name: string): string | undefined;
  /** An operator reads these: what is wrong, where, and what applies instead. */
  readonly warnings: string[];
}

const REFERENCES_MAX = 32;

/** Reads the text. References look into the given properties first, then into the file itself, as in log4j. */
export function readEntries(text: string, properties: ReadonlyMap<string, string>): Log4jEntries {
  const all = parseProperties(text);
  const warnings: string[] = [];
  return {
    all,
    warnings,
    value: (name) => {
      const value = all.get(name)?.trim();
      if (value === undefined) return undefined;
      const resolved = resolveReferences(value, (key) => properties.get(key) ?? all.get(key));
      if (typeof resolved === "string") return resolved;
      warnings.push(`${name}: \${${resolved.unknown}} has no value; the entry is left out`);
      return undefined;
    },
  };
}

function resolveReferences(
  text: string,
  lookUp: (key: string) => string | undefined,
): string | { readonly unknown: string } {
  let result = text;
  for (let count = 0; count < REFERENCES_MAX; count += 1) {
    const match = /\$\{([^}]+)\}/.exec(result);
    if (match === null) return result;
    const value = lookUp(match[1]!);
    if (value === undefined) return { unknown: match[1]! };
    result = result.slice(0, match.index) + value + result.slice(match.index + match[0].length);
  }
  return { unknown: /\$\{([^}]+)\}/.exec(result)?.[1] ?? text }; // it refers to itself
}
