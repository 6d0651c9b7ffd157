import type { Action, Authorizer, Identity, Resource, ResourceKind } from "@tsapollo/domain";
import type { CompiledRule } from "./compile-rules.ts";
import { ACTIONS, ACTIONS_OF } from "./resource-actions.ts";

/**
 * Decides by rules in order: the first that concerns the resource and names the client wins, inside one rule deny
 * beats allow, and what no rule allows is denied. [instance 14.4]
 *
 * For the broker the rules are the broker's; for a virtual host they are the host's, then the broker's.
 */
export class RuleAuthorizer implements Authorizer {
  #generation = 0;
  /** Rules that may decide, by kind of resource and action, so that a check looks at no others. */
  #byKind: ReadonlyMap<ResourceKind, ReadonlyMap<Action, readonly CompiledRule[]>>;

  constructor(rules: readonly CompiledRule[]) {
    this.#byKind = sorted(rules);
  }

  get generation(): number {
    return this.#generation;
  }

  /** New rules, valid from the next check on. What clients already hold is not taken away. */
  replace(rules: readonly CompiledRule[]): void {
    this.#byKind = sorted(rules);
    this.#generation += 1;
  }

  can(identity: Identity, action: Action, resource: Resource, connectorId: string): boolean {
    const rules = this.#byKind.get(resource.kind)?.get(action);
    if (rules === undefined) return false;
    const { principals } = identity;
    for (let at = 0; at < rules.length; at += 1) {
      const rule = rules[at]!;
      if (rule.connector !== undefined && rule.connector !== connectorId) continue;
      const denies = rule.deny?.matches(principals) ?? false;
      const allows = !denies && (rule.allow?.matches(principals) ?? false);
      if (!denies && !allows) continue;
      if (rule.ids.matches(resource)) return allows; // last, because patterns cost most
    }
    return false;
  }
}

function sorted(rules: readonly CompiledRule[]): Map<ResourceKind, Map<Action, readonly CompiledRule[]>> {
  const byKind = new Map<ResourceKind, Map<Action, readonly CompiledRule[]>>();
  for (const kind of ACTIONS_OF.keys()) {
    const byAction = new Map<Action, readonly CompiledRule[]>();
    for (const action of ACTIONS) {
      byAction.set(
        action,
        rules.filter((rule) => rule.kinds.has(kind) && (rule.actions?.has(action) ?? true)),
      );
    }
    byKind.set(kind, byAction);
  }
  return byKind;
}
