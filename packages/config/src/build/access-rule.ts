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

const BROKER_KINDS: readonly string[] = ["broker", "connector"] satisfies ResourceKind[];
const ATTRIBUTES: readonly string[] = Object.values(ACCESS_RULE).map(({ xmlName }) => xmlName);
const IGNORING = "Ignoring invalid access rule.";
const NARROWING = "Invalid access rule; it denies all that it may have meant, and allows nothing.";

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

/**
 * What a rule means that is not understood in full must open no door: a deny then stands for everything that it could
 * have meant, an allow for nothing.
 */
function buildAccessRule(
  element: XmlElement,
  level: RuleLevel,
  context: LoadContext,
): AccessRule | undefined {
  const written = trimmed(context.read(element, ACCESS_RULE));
  const kinds = wordsOf(written.kind).map((kind) => (kind === "virtual_host" ? "virtual-host" : kind));
  const actions = wordsOf(written.action);
  const { allow, deny } = written;
  if (allow === undefined && deny === undefined) {
    context.warn(element.position, `${IGNORING} Either the 'allow' or 'deny' attribute must be declared.`);
    return undefined;
  }
  const foreign = level === "broker" ? [] : kinds.filter((kind) => BROKER_KINDS.includes(kind));
  const problems = problemsOf(element, kinds, actions, foreign);
  const isDropped = deny === undefined || (foreign.length > 0 && foreign.length === kinds.length);
  for (const problem of problems) {
    context.warn(element.position, `${isDropped ? IGNORING : NARROWING} ${problem}`);
  }
  if (problems.length > 0 && isDropped) return undefined;
  checkRegex(element, written.idRegex, context);
  return {
    allow: problems.length > 0 ? undefined : allow,
    deny,
    separator: written.separator,
    principalKinds: principalKindsOf(written.principalKind),
    actions: known(actions, ACTIONS) ? (actions as Action[]) : "*",
    kinds: known(kinds, KINDS) ? (kinds.filter((kind) => !foreign.includes(kind)) as ResourceKind[]) : "*",
    id: starToNone(written.id),
    idRegex: written.idRegex,
    connector: starToNone(written.connector),
    position: element.position,
  };
}

function trimmed(written: AccessRuleAttributes): AccessRuleAttributes {
  return { ...written, allow: written.allow?.trim() || undefined, deny: written.deny?.trim() || undefined };
}

function problemsOf(
  element: XmlElement,
  kinds: readonly string[],
  actions: readonly string[],
  foreign: readonly string[],
): string[] {
  const text = ruleText(element);
  const problems: string[] = [];
  for (const { name } of element.attributes) {
    if (!ATTRIBUTES.includes(name)) {
      problems.push(`Unknown attribute '${name}' ${text}; one of ${ATTRIBUTES.join(", ")}`);
    }
  }
  for (const [what, words, names] of [
    ["kind", kinds, KINDS],
    ["action", actions, ACTIONS],
  ] as const) {
    const unknown = words.find((word) => word !== "*" && !names.includes(word));
    if (unknown === undefined) continue;
    const blanks = unknown.includes(",") ? "; several are separated by blanks" : "";
    problems.push(`Unknown ${what} '${unknown}' ${text}; one of ${names.join(", ")}, or *${blanks}`);
  }
  if (foreign.length > 0) {
    problems.push(`kind='${foreign[0]}' can only be configured at the broker level: ${text}`);
  }
  return problems;
}

function principalKindsOf(words: readonly string[] | undefined): AccessRule["principalKinds"] {
  if (words === undefined) return undefined;
  return words.includes("*") ? "*" : words.map(principalKind);
}

function wordsOf(words: readonly string[] | undefined): readonly string[] {
  return (words ?? ["*"]).map((word) => word.toLowerCase());
}

/** Whether words are nothing but names; otherwise they count as everything. */
function known(words: readonly string[], names: readonly string[]): boolean {
  return words.every((word) => names.includes(word));
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
