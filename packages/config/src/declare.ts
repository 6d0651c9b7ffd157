import type { ValueType } from "./value-types.ts";

/**
 * What a setting does here. `yes`: what Apollo's does (or was meant to do). `new`: not in Apollo. `accepted`: it loads
 * but has no meaning in this broker; the operator is told once, at info. [instance 21.3]
 */
export type Effect = "yes" | "new" | "accepted";

/** One attribute of an element, declared once for the reader, the reference and the messages. */
export interface Option<T> {
  readonly xmlName: string;
  readonly type: ValueType<T>;
  /** What it is when the attribute is missing. Never used when `required`. */
  readonly fallback: T;
  readonly required: boolean;
  readonly effect: Effect;
  readonly doc: string;
}

/** The attributes of an element, by the field that each becomes. */
export type Table<T> = { readonly [Field in keyof T]-?: Option<T[Field]> };

/** One kind of element at one place: what it may hold. */
export interface ElementRule {
  readonly xmlName: string;
  readonly doc: string;
  readonly effect: Effect;
  readonly occurs: "once" | "many";
  readonly attributes: readonly Option<unknown>[];
  readonly children: readonly ElementRule[];
  /** What its text means; undefined when it takes none. */
  readonly text: string | undefined;
  /** Whether anything may stand in it. */
  readonly open: boolean;
}

/** Declares an attribute that does what Apollo's does. */
export function option<T>(xmlName: string, type: ValueType<T>, fallback: T, doc: string): Option<T> {
  return { xmlName, type, fallback, required: false, effect: "yes", doc };
}

/** Declares an attribute that Apollo does not have. */
export function ours<T>(xmlName: string, type: ValueType<T>, fallback: T, doc: string): Option<T> {
  return { xmlName, type, fallback, required: false, effect: "new", doc };
}

/** Declares an attribute that must be there. The placeholder only carries the type. */
export function required<T>(xmlName: string, type: ValueType<T>, placeholder: T, doc: string): Option<T> {
  return { xmlName, type, fallback: placeholder, required: true, effect: "yes", doc };
}

/** Declares an attribute that loads and has no meaning here. */
export function accepted(xmlName: string, doc: string): Option<unknown> {
  return { xmlName, type: ANYTHING, fallback: undefined, required: false, effect: "accepted", doc };
}

const ANYTHING: ValueType<unknown> = {
  title: "anything",
  parse: (text) => text,
  format: () => "",
};

/** What an {@link ElementRule} is made of besides its name and sense; everything has a usual value. */
export type ElementParts = Partial<Omit<ElementRule, "xmlName" | "doc">>;

/** Declares an element. Usual: takes effect, once, no attributes, children or text. */
export function element(xmlName: string, doc: string, parts: ElementParts = {}): ElementRule {
  return {
    xmlName,
    doc,
    effect: parts.effect ?? "yes",
    occurs: parts.occurs ?? "once",
    attributes: parts.attributes ?? [],
    children: parts.children ?? [],
    text: parts.text,
    open: parts.open ?? false,
  };
}

/** The options of a table, for an {@link ElementRule}. */
export function optionsOf<T>(table: Table<T>): readonly Option<unknown>[] {
  return Object.values(table) as Option<unknown>[];
}
