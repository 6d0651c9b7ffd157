import { type Action, PRINCIPAL_KINDS, type ResourceKind } from "@tsapollo/domain";
import { type AccessRule, ruleText } from "./access-rule.ts";
import { IdMatcher, wholeIdRegex } from "./id-matcher.ts";
import { principalKind } from "./principal-kinds.ts";
import { PrincipalMatcher } from "./principal-matcher.ts";
import { ACTIONS, ACTIONS_OF, BROKER_LEVEL_KINDS, resourceKind } from "./resource-actions.ts";

/** Where a rule stands: in `<broker>` or in a `<virtual_host>`. */
export type RuleLevel = "broker" | "virtual-host";

/** A rule, ready to be asked. */
export interface CompiledRule {
  readonly allow: PrincipalMatcher | undefined;
  readonly deny: PrincipalMatcher | undefined;
  /** Undefined: all of them. */
  readonly actions: ReadonlySet<Action> | undefined;
  /** The kinds of resources it can decide about. */
  readonly kinds: ReadonlySet<ResourceKind>;
  readonly ids: IdMatcher;
  /** Undefined: any. */
  readonly connector: string | undefined;
}

/** What rules without their own say. */
export interface RuleDefaults {
  /**
   * `<acl_principal_kind>` of the level that is checked, class names or aliases: a host's also for the broker's
   * rules behind its own. Default: groups. [instance 7.9]
   */
  readonly principalKinds?: readonly string[] | undefined;
}

/** The usable rules in their order, and what to tell the operator about the others. */
export interface RuleSet {
  readonly rules: readonly CompiledRule[];
  readonly warnings: readonly string[];
}

const IGNORING = "Ignoring invalid access rule.";
const NARROWING = "Invalid access rule; it denies all that it may have meant, and allows nothing.";

/** Checks rules and makes them ready; invalid ones are dropped, each with a warning. [instance 14.2] */
export function compileRules(
  rules: readonly AccessRule[],
  level: RuleLevel,
  defaults: RuleDefaults = {},
): RuleSet {
  const warnings: string[] = [];
  const compiled: CompiledRule[] = [];
  const defaultKinds = defaults.principalKinds ?? [PRINCIPAL_KINDS.group];
  for (const rule of rules) {
    const one = compileRule(rule, level, defaultKinds, warnings);
    if (one !== undefined) compiled.push(one);
  }
  return { rules: compiled, warnings };
}

/** A rule that is not understood in full must open no door: what it denies grows, what it allows goes. */
function compileRule(
  rule: AccessRule,
  level: RuleLevel,
  defaultKinds: readonly string[],
  warnings: string[],
): CompiledRule | undefined {
  const { allow, deny, separator } = rule;
  if (allow === undefined && deny === undefined) {
    warnings.push(`${IGNORING} Either the 'allow' or 'deny' attribute must be declared.`);
    return undefined;
  }
  const problems: string[] = [];
  const actions = compileActions(rule, problems);
  const kinds = compileKinds(rule, level, problems);
  const regex = rule.idRegex === undefined ? undefined : wholeIdRegex(rule.idRegex);
  if (rule.idRegex !== undefined && regex === undefined) {
    problems.push(`The id_regex '${rule.idRegex}' is not a regular expression`);
  }
  const isDropped = problems.length > 0 && (deny === undefined || kinds.size === 0);
  const verdict = isDropped ? IGNORING : NARROWING;
  for (const problem of problems) warnings.push(`${verdict} ${problem}: ${ruleText(rule)}`);
  if (isDropped) return undefined;
  const ids = new IdMatcher(rule.id, regex);
  if (ids.isSpoiltPattern) {
    warnings.push(`The id '${rule.id}' is no destination name and means only itself: ${ruleText(rule)}`);
  }
  const principals = principalKinds(rule.principalKinds ?? defaultKinds);
  const isSound = problems.length === 0;
  return {
    allow: allow !== undefined && isSound ? new PrincipalMatcher(allow, separator, principals) : undefined,
    deny: deny === undefined ? undefined : new PrincipalMatcher(deny, separator, principals),
    actions,
    kinds: withKnownActions(kinds, actions),
    ids,
    connector: rule.connector === "*" ? undefined : rule.connector,
  };
}

function isAny(list: "*" | readonly string[] | undefined): list is "*" | undefined {
  return list === undefined || list === "*" || list.includes("*");
}

function principalKinds(kinds: "*" | readonly string[]): ReadonlySet<string> | undefined {
  if (kinds === "*" || kinds.includes("*")) return undefined;
  return new Set(kinds.map(principalKind));
}

/** Undefined, which is every action, also when one is unknown. */
function compileActions(rule: AccessRule, problems: string[]): ReadonlySet<Action> | undefined {
  if (isAny(rule.actions)) return undefined;
  const actions = new Set<Action>();
  let isKnown = true;
  for (const text of rule.actions as readonly string[]) {
    const action = ACTIONS.find((one) => one === text.toLowerCase());
    if (action !== undefined) actions.add(action);
    else problems.push(`Unknown action '${text}' (known: ${ACTIONS.join(", ")})`);
    isKnown &&= action !== undefined;
  }
  return isKnown ? actions : undefined;
}

/**
 * In a virtual host `*` means everything except the broker and its connectors. [instance 14.2] Every kind of the level
 * when one is unknown; those of another level are left out.
 */
function compileKinds(rule: AccessRule, level: RuleLevel, problems: string[]): ReadonlySet<ResourceKind> {
  const isForeign = (kind: ResourceKind) => level === "virtual-host" && BROKER_LEVEL_KINDS.includes(kind);
  const all = new Set([...ACTIONS_OF.keys()].filter((kind) => !isForeign(kind)));
  if (isAny(rule.kinds)) return all;
  const kinds = new Set<ResourceKind>();
  let isKnown = true;
  for (const text of rule.kinds as readonly string[]) {
    const kind = resourceKind(text);
    if (kind === undefined) problems.push(`Unknown kind '${text}' (known: ${[...all].join(", ")})`);
    else if (isForeign(kind)) problems.push(`kind='${kind}' can only be configured at the broker level`);
    else kinds.add(kind);
    isKnown &&= kind !== undefined;
  }
  return isKnown ? kinds : all;
}

/** A rule that names actions says nothing about kinds that know none of them. [instance 14.4] */
function withKnownActions(
  kinds: ReadonlySet<ResourceKind>,
  actions: ReadonlySet<Action> | undefined,
): ReadonlySet<ResourceKind> {
  if (actions === undefined) return kinds;
  const known = [...kinds].filter((kind) => [...actions].some((action) => ACTIONS_OF.get(kind)!.has(action)));
  return new Set(known);
}
