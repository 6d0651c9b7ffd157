import type { Effect, ElementRule, Option } from "./declare.ts";
import { BROKER_RULE } from "./tables/broker.ts";

const INTRODUCTION = `# Configuration reference: apollo.xml

Generated from the tables in packages/config/src/tables; do not edit. A test compares the two.

Elements may stand in any order, the namespace \`http://activemq.apache.org/schema/activemq/apollo\` may be left out.
Memory sizes are whole numbers of bytes or have a unit: \`k\` \`m\` \`g\` \`t\` \`p\` \`e\` (also \`kib\` …) count in 1024s, \`kb\`
\`mb\` … in 1000s. \`\${name}\` in attributes and texts stands for an entry of \`apollo.xml.properties\` (values may be
\`ENC(…)\`), a system property, or, as \`\${env.NAME}\`, an environment variable. Unknown elements and attributes are told
as validation messages and ignored.

Effect: **yes**, as in Apollo; **new**, not in Apollo; **accepted**, loads but has no meaning in this broker (told once,
at info).
`;

/** The reference of every element and attribute: the text of `docs/reference/config.md`. */
export function configReference(): string {
  const places = new Map<ElementRule, string[]>();
  collect(BROKER_RULE, undefined, places);
  const sections = [...places].map(([rule, parents]) => section(rule, parents));
  return `${[INTRODUCTION, ...sections].join("\n")}`;
}

/** Every rule once, in order, with the elements it stands in. Children that only have text belong to their parents. */
function collect(rule: ElementRule, parent: string | undefined, places: Map<ElementRule, string[]>): void {
  const parents = places.get(rule);
  if (parents !== undefined) {
    if (parent !== undefined) parents.push(parent);
    return;
  }
  places.set(rule, parent === undefined ? [] : [parent]);
  for (const child of rule.children) if (!isTextOnly(child)) collect(child, rule.xmlName, places);
}

function isTextOnly(rule: ElementRule): boolean {
  return rule.text !== undefined && rule.attributes.length === 0;
}

function section(rule: ElementRule, parents: readonly string[]): string {
  const where =
    parents.length === 0 ? "" : ` in ${[...new Set(parents)].map((name) => `\`<${name}>\``).join(", ")}`;
  const lines = [`## \`<${rule.xmlName}>\`${where}`, "", `${rule.doc}${occurrence(rule)}`];
  if (rule.text !== undefined) lines.push("", `Text: ${rule.text}`);
  if (rule.effect === "accepted") lines.push("", "Accepted without effect.");
  if (rule.attributes.length > 0) {
    lines.push("", "| Attribute | Value | Default | Effect | Meaning |", "|---|---|---|---|---|");
    for (const option of rule.attributes) lines.push(attributeRow(option, rule.effect));
  }
  const texts = rule.children.filter(isTextOnly);
  if (texts.length > 0) {
    lines.push("", "| Element with text | Times | Effect | Meaning |", "|---|---|---|---|");
    for (const { xmlName, occurs, effect, text } of texts) {
      lines.push(row([`\`<${xmlName}>\``, occurs === "once" ? "0–1" : "0–n", effect, text ?? ""]));
    }
  }
  const children = rule.children.filter((child) => !isTextOnly(child));
  if (children.length > 0) {
    lines.push("", `Elements: ${children.map(({ xmlName }) => `\`<${xmlName}>\``).join(", ")}.`);
  }
  return `${lines.join("\n")}\n`;
}

function occurrence(rule: ElementRule): string {
  return rule.occurs === "many" ? " Any number of times." : "";
}

function attributeRow(option: Option<unknown>, outer: Effect): string {
  const effect = outer === "accepted" ? "accepted" : option.effect;
  if (effect === "accepted") return row([`\`${option.xmlName}\``, "", "", effect, option.doc]);
  return row([`\`${option.xmlName}\``, option.type.title, fallbackOf(option), effect, option.doc]);
}

function fallbackOf(option: Option<unknown>): string {
  if (option.required) return "**required**";
  if (option.fallback === undefined) return "–";
  const shown = option.type.format(option.fallback);
  return shown === "" ? "empty" : `\`${shown}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
