import {
  type PropertySource,
  type PropertyValue,
  parseSelector,
  type SelectorOptions,
} from "../src/index.ts";

export type Properties = Readonly<Record<string, PropertyValue>>;

/** A message with the given properties, and a body if it is text. */
export function message(properties: Properties, body?: string): PropertySource {
  const known = new Map(Object.entries(properties));
  const property = (name: string): PropertyValue | undefined => known.get(name);
  if (body === undefined) return { property };
  return { property, body: () => new TextEncoder().encode(body) };
}

/** Whether a selector matches a message with the given properties. */
export function matches(text: string, properties: Properties, options: SelectorOptions = {}): boolean {
  return parseSelector(text, options).matches(message(properties));
}

/** Modes of STOMP. [messaging 14.2] */
export const STOMP: SelectorOptions = { convertStrings: true, hyphenatedNames: true };
