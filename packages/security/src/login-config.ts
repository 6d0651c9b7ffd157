import { BrokerError } from "@tsapollo/domain";
import { LoginConfigTokens, type Token } from "./login-config-tokens.ts";

/** What the failure or success of a module means for the whole login. [instance 13.2] */
export type ControlFlag = "required" | "requisite" | "sufficient" | "optional";

/** One line of a login domain: which module, how much it counts, and its options. */
export interface LoginModuleEntry {
  /** Class name as written: full, bare or short. */
  readonly className: string;
  readonly flag: ControlFlag;
  readonly options: ReadonlyMap<string, string>;
  /** Where it stands in the file, from 1. */
  readonly line: number;
}

/** Login domains by name, in file order. */
export type LoginConfig = ReadonlyMap<string, readonly LoginModuleEntry[]>;

const FLAGS: readonly string[] = ["required", "requisite", "sufficient", "optional"];

/**
 * Reads a JAAS login configuration: `name { class flag key=value …; … };` with `//` and block comments, quoted
 * or bare words and `${property}` in values. [instance 13.2]
 * @param properties what `${…}` may name; `${/}` is always a slash
 * @throws BrokerError BAD_CONFIGURATION with line and column
 */
export function parseLoginConfig(text: string, properties: ReadonlyMap<string, string>): LoginConfig {
  const tokens = new LoginConfigTokens(text);
  const domains = new Map<string, readonly LoginModuleEntry[]>();
  while (tokens.peek().kind !== "end") {
    const name = tokens.word("the name of a login domain");
    if (domains.has(name.text)) throw tokens.error(name, `the login domain '${name.text}' stands here twice`);
    tokens.sign("{");
    const entries: LoginModuleEntry[] = [];
    while (tokens.peek().kind !== "}") entries.push(readEntry(tokens, properties));
    tokens.sign("}");
    tokens.sign(";");
    domains.set(name.text, entries);
  }
  return domains;
}

function readEntry(tokens: LoginConfigTokens, properties: ReadonlyMap<string, string>): LoginModuleEntry {
  const className = tokens.word("a login module class or '}'");
  const flag = tokens.word("required, requisite, sufficient or optional");
  if (!isFlag(flag.text.toLowerCase())) {
    throw tokens.error(flag, `'${flag.text}' is none of required, requisite, sufficient, optional`);
  }
  const options = new Map<string, string>();
  while (tokens.peek().kind !== ";") {
    const key = tokens.word("an option key=value or ';'");
    tokens.sign("=");
    const value = tokens.word(`the value of '${key.text}'`);
    options.set(key.text, expand(tokens, value, properties));
  }
  tokens.sign(";");
  const control = flag.text.toLowerCase() as ControlFlag;
  return { className: className.text, flag: control, options, line: className.line };
}

function isFlag(text: string): text is ControlFlag {
  return FLAGS.includes(text);
}

/** One pass only: what a property contains is not expanded again, so it cannot loop. */
function expand(tokens: LoginConfigTokens, value: Token, properties: ReadonlyMap<string, string>): string {
  return value.text.replace(/\$\{([^}]*)\}/g, (_all, name: string) => {
    if (name === "/") return "/";
    const found = properties.get(name);
    if (found === undefined) throw tokens.error(value, `the property '${name}' is not defined`);
    return found;
  });
}

/**
 * The modules of a domain; an unknown name falls back to the domain `other`. [instance 13.2]
 * @throws BrokerError BAD_CONFIGURATION when there is neither
 */
export function loginDomain(config: LoginConfig, name: string): readonly LoginModuleEntry[] {
  const entries = config.get(name) ?? config.get("other");
  if (entries !== undefined) return entries;
  const known = [...config.keys()].map((one) => `'${one}'`).join(", ") || "none";
  throw new BrokerError(
    "BAD_CONFIGURATION",
    `The login configuration has neither a domain '${name}' nor one named 'other'; it has: ${known}`,
  );
}
