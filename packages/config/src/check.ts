import type { ElementRule } from "./declare.ts";
import type { LoadContext } from "./load-context.ts";
import { nearestName } from "./nearest.ts";
import { HISTORIC_NAMES } from "./tables/broker.ts";
import type { XmlElement } from "./xml/element.ts";

/**
 * Tells what in a document nobody reads: unknown elements and attributes, elements that are there too often, text
 * where none is read (warnings), and settings without meaning here (info, once each). [instance 5.1, 5.4, 21.3]
 */
export function checkAgainst(element: XmlElement, rule: ElementRule, context: LoadContext): void {
  if (rule.effect === "accepted") return tellAccepted(element, rule, context);
  checkAttributes(element, rule, context);
  checkPrefixed(element, rule, context);
  if (rule.open) return;
  if (rule.text === undefined && element.text !== "") {
    context.warn(
      element.position,
      `<${rule.xmlName}> has text that nobody reads; remove it or put it in a comment`,
    );
  }
  const seen = new Set<string>();
  for (const child of element.children) {
    const known = child.ours ? rule.children.find(({ xmlName }) => xmlName === child.name) : undefined;
    if (known === undefined) {
      context.warn(child.position, unknownElement(child, rule));
      continue;
    }
    if (known.occurs === "once" && seen.has(child.name)) {
      context.warn(
        child.position,
        `a further <${child.name}> in <${rule.xmlName}> is ignored; one is allowed`,
      );
    }
    seen.add(child.name);
    checkAgainst(child, known, context);
  }
}

function tellAccepted(element: XmlElement, rule: ElementRule, context: LoadContext): void {
  const reason = rule.text ?? rule.doc;
  context.info(
    element.position,
    `<${rule.xmlName}>`,
    `<${rule.xmlName}> has no effect here. ${reason}`.trim(),
  );
}

function checkAttributes(element: XmlElement, rule: ElementRule, context: LoadContext): void {
  for (const { name, position } of element.attributes) {
    const known = rule.attributes.find(({ xmlName }) => xmlName === name);
    if (known === undefined) {
      const advice = adviceFor(name, attributeNames(rule), (found) => found);
      context.warn(position, `<${rule.xmlName}> has no attribute ${name}; ${advice}`);
    } else if (known.effect === "accepted") {
      const text = `${name} of <${rule.xmlName}> has no effect here. ${known.doc}`;
      context.info(position, `${name} of <${rule.xmlName}>`, text.trim());
    }
  }
}

function checkPrefixed(element: XmlElement, rule: ElementRule, context: LoadContext): void {
  for (const { name, position } of element.prefixed) {
    const bare = name.slice(name.indexOf(":") + 1);
    const isMeant = attributeNames(rule).includes(bare);
    const advice = isMeant ? `; write ${bare} without prefix if it is meant for the broker` : "";
    context.warn(position, `${name} of <${rule.xmlName}> has a prefix; it is ignored${advice}`);
  }
}

function attributeNames(rule: ElementRule): string[] {
  return rule.attributes.filter(({ effect }) => effect !== "accepted").map(({ xmlName }) => xmlName);
}

function unknownElement(child: XmlElement, parent: ElementRule): string {
  if (!child.ours) return `<${child.name}> is of a foreign namespace; it is ignored`;
  const names = parent.children.map(({ xmlName }) => xmlName);
  const advice = adviceFor(child.name, names, (found) => `<${found}>`);
  return `<${parent.xmlName}> has no element <${child.name}>; ${advice}`;
}

function adviceFor(name: string, candidates: Iterable<string>, show: (found: string) => string): string {
  const historic = HISTORIC_NAMES.get(name);
  if (historic !== undefined) return historic;
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? "it is ignored" : `did you mean ${show(nearest)}?`;
}
