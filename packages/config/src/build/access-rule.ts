import {
  type Action,
  BrokerError,
  NEUTRAL_SYNTAX,
  type PathPart,
  parsePath,
  type ResourceKind,
} from "@tsapollo/domain";
import type { LoadContext } from "../load-context.ts";
import type { AccessRule, PrincipalMatch } from "../security-config.ts";
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

const DESTINATION_KINDS: readonly string[] = ["queue", "topic", "dsub"];
const IGNORING = "Ignoring invalid access rule.";

/** The rules of one level, in order; invalid ones are told and left out. [instance 14.2] */
export function buildAccessRules(
  elements: readonly XmlElement[],
  level: AccessRule["level"],
  context: LoadContext,
): readonly AccessRule[] {
  return elements
    .map((element) => buildAccessRule(element, level, context))
    .filter((rule): rule is AccessRule => rule !== undefined);
}

function buildAccessRule(
  element: XmlElement,
  level: AccessRule["level"],
  context: LoadContext,
): AccessRule | undefined {
  const written = context.read(element, ACCESS_RULE);
  const text = ruleText(element);
  const kinds = wordsOf(written.kind).map((kind) => (kind === "virtual_host" ? "virtual-host" : kind));
  const problem = problemOf(written, kinds, level, text);
  if (problem !== undefined) {
    context.warn(element.position, `${IGNORING} ${problem}`);
    return undefined;
  }
  const id = starToNone(written.id);
  return {
    allow: principals(written.allow, written.separator),
    deny: principals(written.deny, written.separator),
    principalKinds: principalKindsOf(written.principalKind),
    actions: actionsOf(element, wordsOf(written.action), context),
    kinds: everything(kinds) ? "*" : (kinds as ResourceKind[]),
    id,
    path: id === undefined ? undefined : pathOf(element, id, kinds, context),
    idRegex: written.idRegex,
    connector: starToNone(written.connector),
    level,
    text,
  };
}

function problemOf(
  written: AccessRuleAttributes,
  kinds: readonly string[],
  level: AccessRule["level"],
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

function principals(text: string | undefined, separator: string | undefined): PrincipalMatch | undefined {
  if (text === undefined || text === "*" || text === "+") return text;
  if (separator === undefined) return [text];
  const names = text.split(separator).map((name) => name.trim());
  return names.includes("*") ? "*" : names.filter((name) => name !== "");
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

/** Wildcards count for every kind of destination, also beside other kinds. [instance 14.1, quirk 6 mended] */
function pathOf(
  element: XmlElement,
  id: string,
  kinds: readonly string[],
  context: LoadContext,
): readonly PathPart[] | undefined {
  if (!everything(kinds) && !kinds.some((kind) => DESTINATION_KINDS.includes(kind))) return undefined;
  try {
    return parsePath(id, NEUTRAL_SYNTAX);
  } catch (cause) {
    if (!(cause instanceof BrokerError)) throw cause;
    if (/[*{]/.test(id)) {
      context.warn(
        element.position,
        `id '${id}' of an access rule is no pattern and is compared as it is: ${cause.message}`,
      );
    }
    return undefined;
  }
}

function starToNone(text: string | undefined): string | undefined {
  return text === "*" ? undefined : text;
}

function ruleText(element: XmlElement): string {
  return `<access_rule${element.attributes.map(({ name, value }) => ` ${name}="${value}"`).join("")}/>`;
}
