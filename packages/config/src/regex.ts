import { BrokerError } from "@tsapollo/domain";

/**
 * Makes a JavaScript expression of a Java one. Escaped punctuation (`\-`, `\_`) and a leading `(?i)` are understood;
 * what JavaScript has no counterpart for is refused, because a rule that silently matches otherwise is worse.
 * @throws BrokerError BAD_CONFIGURATION
 */
export function compileJavaRegex(source: string, whole: boolean): RegExp {
  const ignoreCase = source.startsWith("(?i)");
  const body = (ignoreCase ? source.slice(4) : source).replace(
    /\\([^A-Za-z0-9^$\\.*+?()[\]{}|/])/g,
    escapeAsHex,
  );
  try {
    return new RegExp(whole ? `^(?:${body})$` : body, ignoreCase ? "ui" : "u");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^.*: (?=[^:]*$)/s, "") : "unknown";
    throw new BrokerError("BAD_CONFIGURATION", `'${source}' is not a regular expression: ${reason}`, {
      cause,
    });
  }
}

function escapeAsHex(_all: string, character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
