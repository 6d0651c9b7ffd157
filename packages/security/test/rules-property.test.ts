import assert from "node:assert/strict";
import { test } from "node:test";
import type { Action, Identity, ResourceKind } from "@tsapollo/domain";
import fc from "fast-check";
import { type AccessRule, compileRules, RuleAuthorizer } from "../src/index.ts";
import { GROUP, identityOf, USER } from "./helpers.ts";

const KINDS = ["broker", "virtual-host", "connector", "queue", "topic", "dsub"] as const;
const ACTIONS = ["admin", "connect", "create", "send", "consume"] as const;
const NAMES = ["a", "b", "*", "+"] as const;

const rule: fc.Arbitrary<AccessRule> = fc.record(
  {
    allow: fc.constantFrom(...NAMES),
    deny: fc.constantFrom(...NAMES),
    principalKinds: fc.constantFrom("*" as const, [USER], [GROUP]),
    actions: fc.subarray([...ACTIONS], { minLength: 1 }),
    kinds: fc.subarray([...KINDS], { minLength: 1 }),
    id: fc.constantFrom("*", "x", "y"),
    connector: fc.constantFrom("*", "tcp", "ws"),
  },
  { requiredKeys: [] },
);
const identity: fc.Arbitrary<Identity> = fc
  .array(fc.tuple(fc.constantFrom(USER, GROUP), fc.constantFrom("a", "b")), { maxLength: 3 })
  .map((principals) => identityOf(...principals));

/** The decision as the specification has it, one rule after the other. [instance 14.3, 14.4] */
function expected(
  rules: readonly AccessRule[],
  who: Identity,
  action: Action,
  kind: ResourceKind,
  id: string,
  connector: string,
): boolean {
  for (const one of rules) {
    if (one.kinds !== undefined && !one.kinds.includes(kind)) continue;
    if (one.id !== undefined && one.id !== "*" && one.id !== id) continue;
    if (one.actions !== undefined && !one.actions.includes(action)) continue;
    if (one.deny !== undefined && names(one, one.deny, who, connector)) return false;
    if (one.allow !== undefined && names(one, one.allow, who, connector)) return true;
  }
  return false;
}

function names(rule: AccessRule, name: string, who: Identity, connector: string): boolean {
  if (rule.connector !== undefined && rule.connector !== "*" && rule.connector !== connector) return false;
  if (name === "*") return true;
  const kinds = rule.principalKinds ?? [GROUP];
  const counting = who.principals.filter(({ kind }) => kinds === "*" || kinds.includes(kind));
  return name === "+" ? counting.length > 0 : counting.some((principal) => principal.name === name);
}

test("instance 14.4: sorted rules decide as the list does", () => {
  const action = fc.constantFrom("admin" as const, "create" as const, "send" as const, "consume" as const);
  const kind = fc.constantFrom("queue" as const, "dsub" as const); // they know all these actions
  const id = fc.constantFrom("x", "z");
  const connector = fc.constantFrom("tcp", "udp");
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 6 }),
      identity,
      action,
      kind,
      id,
      connector,
      (rules, who, ...ask) => {
        const authorizer = new RuleAuthorizer(compileRules(rules, "broker").rules);
        const [what, on, name, through] = ask;
        assert.equal(
          authorizer.can(who, what, { kind: on, id: name }, through),
          expected(rules, who, what, on, name, through),
        );
      },
    ),
    { numRuns: 2_000 },
  );
});
