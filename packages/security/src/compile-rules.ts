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

function compileRule(
  rule: AccessRule,
  level: RuleLevel,
  defaultKinds: readonly string[],
  warnings: string[],
): CompiledRule | undefined {
  const { allow, deny, separator } = rule;
  if (allow === undefined && deny === undefined) {
    warnings.push("Ignoring invalid access rule. Either the 'allow' or 'deny' attribute must be declared.");
    return undefined;
  }
  const actions = compileActions(rule, warnings);
  const kinds = compileKinds(rule, level, warnings);
  if (kinds === undefined) return undefined;
  const regex = rule.idRegex === undefined ? undefined : wholeIdRegex(rule.idRegex);
  const isRegexBroken = rule.idRegex !== undefined && regex === undefined;
  if (isRegexBroken) warnings.push(brokenRegexText(rule));
  if (isRegexBroken && deny === undefined) return undefined;
  const ids = new IdMatcher(rule.id, regex);
  if (ids.isSpoiltPattern) {
    warnings.push(`The id '${rule.id}' is no destination name and means only itself: ${ruleText(rule)}`);
  }
  const principals = principalKinds(rule.principalKinds ?? defaultKinds);
  return {
    allow:
      allow === undefined || isRegexBroken ? undefined : new PrincipalMatcher(allow, separator, principals),
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

function compileActions(rule: AccessRule, warnings: string[]): ReadonlySet<Action> | undefined {
  if (isAny(rule.actions)) return undefined;
  const actions = new Set<Action>();
  for (const text of rule.actions as readonly string[]) {
    const action = ACTIONS.find((one) => one === text.toLowerCase());
    if (action !== undefined) actions.add(action);
    else warnings.push(`Unknown action '${text}' (known: ${ACTIONS.join(", ")}) in ${ruleText(rule)}`);
  }
  return actions;
}

/** In a virtual host `*` means everything except the broker and its connectors. [instance 14.2] */
function compileKinds(
  rule: AccessRule,
  level: RuleLevel,
  warnings: string[],
): ReadonlySet<ResourceKind> | undefined {
  const isHostLevel = level === "virtual-host";
  if (isAny(rule.kinds)) {
    const all = [...ACTIONS_OF.keys()];
    return new Set(isHostLevel ? all.filter((kind) => !BROKER_LEVEL_KINDS.includes(kind)) : all);
  }
  const kinds = new Set<ResourceKind>();
  for (const text of rule.kinds as readonly string[]) {
    const kind = resourceKind(text);
    if (kind === undefined) {
      warnings.push(`Ignoring invalid access rule. Unknown kind '${text}' ${ruleText(rule)}`);
      return undefined;
    }
    if (isHostLevel && BROKER_LEVEL_KINDS.includes(kind)) {
      warnings.push(
        `Ignoring invalid access rule. kind='${kind}' can only be configured at the broker level: ${ruleText(rule)}`,
      );
      return undefined;
    }
    kinds.add(kind);
  }
  return kinds;
}

/** What a rule denies must not be allowed because its expression is broken: it then denies whatever the id. */
function brokenRegexText(rule: AccessRule): string {
  const problem = `The id_regex '${rule.idRegex}' is not a regular expression`;
  return rule.deny === undefined
    ? `Ignoring invalid access rule. ${problem}: ${ruleText(rule)}`
    : `${problem}; the rule denies whatever the id, and allows nothing: ${ruleText(rule)}`;
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
