import { type Action, BrokerError, type ResourceKind } from "@tsapollo/domain";
import { attributeOf, type LoadContext } from "../load-context.ts";
import { compileJavaRegex } from "../regex.ts";
import type { AccessRule } from "../security-config.ts";
import { ACCESS_RULE, type AccessRuleAttributes } from "../tables/security.ts";
import type { XmlElement } from "../xml/element.ts";
import { principalKind } from "./authentication.ts";

const ACTIONS: readonly string[] = [
  "admin",
  "monitor",
  "config",
  "connect",
  "create",
  "destroy",
  "send",
  "receive",
  "consume",
] satisfies Action[];

const KINDS: readonly string[] = [
  "broker",
  "virtual-host",
  "connector",
  "queue",
  "topic",
  "dsub",
] satisfies ResourceKind[];

/** Where a rule stands. */
export type RuleLevel = "broker" | "virtual-host";

const IGNORING = "Ignoring invalid access rule.";

/** The rules of one level, in order; invalid ones are told and left out. [instance 14.2] */
export function buildAccessRules(
  elements: readonly XmlElement[],
  level: RuleLevel,
  context: LoadContext,
): readonly AccessRule[] {
  return elements
    .map((element) => buildAccessRule(element, level, context))
    .filter((rule): rule is AccessRule => rule !== undefined);
}

function buildAccessRule(
  element: XmlElement,
  level: RuleLevel,
  context: LoadContext,
): AccessRule | undefined {
  const written = context.read(element, ACCESS_RULE);
  const kinds = wordsOf(written.kind).map((kind) => (kind === "virtual_host" ? "virtual-host" : kind));
  const problem = problemOf(written, kinds, level, ruleText(element));
  if (problem !== undefined) {
    context.warn(element.position, `${IGNORING} ${problem}`);
    return undefined;
  }
  checkRegex(element, written.idRegex, context);
  return {
    allow: written.allow,
    deny: written.deny,
    separator: written.separator,
    principalKinds: principalKindsOf(written.principalKind),
    actions: actionsOf(element, wordsOf(written.action), context),
    kinds: everything(kinds) ? "*" : (kinds as ResourceKind[]),
    id: starToNone(written.id),
    idRegex: written.idRegex,
    connector: starToNone(written.connector),
    position: element.position,
  };
}

function problemOf(
  written: AccessRuleAttributes,
  kinds: readonly string[],
  level: RuleLevel,
  text: string,
): string | undefined {
  if (written.allow === undefined && written.deny === undefined) {
    return "Either the 'allow' or 'deny' attribute must be declared.";
  }
  const unknown = kinds.find((kind) => kind !== "*" && !KINDS.includes(kind));
  if (unknown !== undefined) return `Unknown kind '${unknown}' ${text}; one of ${KINDS.join(", ")}, or *`;
  const foreign = kinds.find((kind) => kind === "broker" || kind === "connector");
  if (level === "broker" || foreign === undefined) return undefined;
  return `kind='${foreign}' can only be configured at the broker level: ${text}`;
}

function principalKindsOf(words: readonly string[] | undefined): AccessRule["principalKinds"] {
  if (words === undefined) return undefined;
  return words.includes("*") ? "*" : words.map(principalKind);
}

function wordsOf(words: readonly string[] | undefined): readonly string[] {
  return (words ?? ["*"]).map((word) => word.toLowerCase());
}

function everything(words: readonly string[]): boolean {
  return words.includes("*");
}

function actionsOf(
  element: XmlElement,
  words: readonly string[],
  context: LoadContext,
): AccessRule["actions"] {
  if (everything(words)) return "*";
  for (const word of words) {
    if (ACTIONS.includes(word)) continue;
    context.warn(
      element.position,
      `unknown action '${word}' in an access rule; one of ${ACTIONS.join(", ")}, or *`,
    );
  }
  return words.filter((word) => ACTIONS.includes(word)) as Action[];
}

/** Only tells: what a rule with a broken expression does is a matter of security, which must not open a door. */
function checkRegex(element: XmlElement, source: string | undefined, context: LoadContext): void {
  if (source === undefined) return;
  try {
    compileJavaRegex(source, true);
  } catch (cause) {
    if (!(cause instanceof BrokerError)) throw cause;
    context.warn(
      attributeOf(element, "id_regex")?.position ?? element.position,
      `id_regex: ${cause.message}`,
    );
  }
}

function starToNone(text: string | undefined): string | undefined {
  return text === "*" ? undefined : text;
}

function ruleText(element: XmlElement): string {
  return `<access_rule${element.attributes.map(({ name, value }) => ` ${name}="${value}"`).join("")}/>`;
}
