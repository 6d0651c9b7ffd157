import { BrokerError } from "@tsapollo/domain";

/** What names stand for. Undefined: nobody knows the name. */
export type Lookup = (name: string) => string | undefined;

const DEPTH_MAX = 64;
const LENGTH_MAX = 256 * 1_024;

/**
 * Replaces every `${name}` by its value; values may contain references themselves. Names that nobody knows stay as
 * they are and are told to `onUnknown`. [instance 5.2, its bugs mended]
 * @throws BrokerError BAD_CONFIGURATION when a name refers to itself, naming the cycle, or the result is too long
 */
export function substitute(text: string, lookup: Lookup, onUnknown: (name: string) => void): string {
  return expand(text, lookup, onUnknown, []);
}

function expand(
  text: string,
  lookup: Lookup,
  onUnknown: (name: string) => void,
  open: readonly string[],
): string {
  if (!text.includes("${")) return text;
  let result = "";
  let copied = 0;
  for (const match of text.matchAll(/\$\{([^}]+)\}/g)) {
    const name = match[1]!;
    result += text.slice(copied, match.index);
    copied = match.index + match[0].length;
    const value = lookup(name);
    if (value === undefined) {
      onUnknown(name);
      result += match[0];
      continue;
    }
    checkCycle(name, open);
    result += expand(value, lookup, onUnknown, [...open, name]);
    checkLength(result);
  }
  return checkLength(result + text.slice(copied));
}

function checkCycle(name: string, open: readonly string[]): void {
  const start = open.indexOf(name);
  if (start === -1 && open.length < DEPTH_MAX) return;
  const cycle = [...open.slice(Math.max(start, 0)), name].map((step) => `\${${step}}`).join(" → ");
  const what = start === -1 ? `references nested more than ${DEPTH_MAX} deep` : "a reference to itself";
  throw new BrokerError("BAD_CONFIGURATION", `${what}: ${cycle}; give one of them a plain value`);
}

function checkLength(text: string): string {
  if (text.length <= LENGTH_MAX) return text;
  throw new BrokerError(
    "BAD_CONFIGURATION",
    `a value longer than ${LENGTH_MAX} characters after replacing references; shorten the properties it refers to`,
  );
}
