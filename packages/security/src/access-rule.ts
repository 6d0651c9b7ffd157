/**
 * One `<access_rule>` as data. What is absent has the attribute's default; names of kinds and actions are as
 * somebody wrote them. [instance 14.1]
 */
export interface AccessRule {
  /** A principal's name, `*` (everybody) or `+` (everybody with a principal); a list when `separator` is set. */
  readonly allow?: string | undefined;
  /** As `allow`, and beats it. One of the two is needed. */
  readonly deny?: string | undefined;
  /** Splits `allow` and `deny`, literally. */
  readonly separator?: string | undefined;
  /** Class names or aliases of the principals that are compared. Default: the level's group kinds. */
  readonly principalKinds?: "*" | readonly string[] | undefined;
  /** Default `*`. */
  readonly actions?: "*" | readonly string[] | undefined;
  /** Default `*`. */
  readonly kinds?: "*" | readonly string[] | undefined;
  /** A resource's id, or a pattern of destination names. Default `*`. */
  readonly id?: string | undefined;
  /** A Java expression for the whole id; both `id` and this must match. */
  readonly idRegex?: string | undefined;
  /** The connector a client must have come through. Default `*`. */
  readonly connector?: string | undefined;
}

/** A rule as it is written in XML, for messages. */
export function ruleText(rule: AccessRule): string {
  const attributes: readonly [string, string | readonly string[] | undefined][] = [
    ["allow", rule.allow],
    ["deny", rule.deny],
    ["separator", rule.separator],
    ["principal_kind", rule.principalKinds],
    ["action", rule.actions],
    ["kind", rule.kinds],
    ["id", rule.id],
    ["id_regex", rule.idRegex],
    ["connector", rule.connector],
  ];
  const written = attributes
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${typeof value === "string" ? value : value!.join(" ")}"`);
  return `<access_rule${written.join("")}/>`;
}
