import { BrokerError } from "@tsapollo/domain";
import type { Option, Table } from "./declare.ts";
import type { ValidationMessage } from "./messages.ts";
import type { XmlAttribute, XmlElement } from "./xml/element.ts";
import type { Position } from "./xml/position.ts";

const MESSAGES_MAX = 1_000;

/** One loading of one file: its name, and what there is to tell. */
export class LoadContext {
  readonly #file: string;
  readonly #messages: ValidationMessage[] = [];
  readonly #told = new Set<string>();

  /** @param file the configuration's name, for errors */
  constructor(file: string) {
    this.#file = file;
  }

  /** What was told, in order. */
  get messages(): readonly ValidationMessage[] {
    return this.#messages;
  }

  /** Something the operator should mend; start-up goes on unless validation is strict. */
  warn(position: Position, text: string): void {
    this.#add({ severity: "warning", position, text });
  }

  /** Something wrong with the whole. */
  error(text: string): void {
    this.#add({ severity: "error", position: undefined, text });
  }

  /** Something worth knowing, told once per `key`. */
  info(position: Position, key: string, text: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#add({ severity: "info", position, text });
  }

  /** @throws BrokerError BAD_CONFIGURATION `file:line:column: text` */
  fail(position: Position, text: string, cause?: unknown): never {
    const { line, column } = position;
    throw new BrokerError("BAD_CONFIGURATION", `${this.#file}:${line}:${column}: ${text}`, { cause });
  }

  /** Calls, and tells where when it fails with a BrokerError. */
  at<T>(position: Position, what: string, call: () => T): T {
    try {
      return call();
    } catch (cause) {
      if (!(cause instanceof BrokerError)) throw cause;
      return this.fail(position, `${what}: ${cause.message}`, cause);
    }
  }

  /**
   * The attributes of an element as its table says.
   * @throws BrokerError BAD_CONFIGURATION for a value that cannot be understood or is missing
   */
  read<T>(element: XmlElement, table: Table<T>): T {
    const values: Record<string, unknown> = {};
    for (const [field, declared] of Object.entries(table) as [string, Option<unknown>][]) {
      values[field] = this.#value(element, declared);
    }
    return values as T;
  }

  #value(element: XmlElement, declared: Option<unknown>): unknown {
    const attribute = attributeOf(element, declared.xmlName);
    if (attribute !== undefined) {
      const what = `${declared.xmlName} of <${element.name}>`;
      return this.at(attribute.position, what, () => declared.type.parse(attribute.value));
    }
    if (!declared.required) return declared.fallback;
    const text = `<${element.name}> has no ${declared.xmlName}; write <${element.name} ${declared.xmlName}="…"`;
    return this.fail(element.position, text);
  }

  #add(message: ValidationMessage): void {
    if (this.#messages.length < MESSAGES_MAX) this.#messages.push(message);
  }
}

/** An attribute by name. */
export function attributeOf(element: XmlElement, name: string): XmlAttribute | undefined {
  return element.attributes.find((attribute) => attribute.name === name);
}

/** An element that has no attributes and no place: reading it gives the defaults. */
export const MISSING_ELEMENT: XmlElement = Object.freeze({
  name: "",
  ours: true,
  position: Object.freeze({ line: 1, column: 1 }),
  attributes: Object.freeze([]),
  prefixed: Object.freeze([]),
  children: Object.freeze([]),
  text: "",
});

/** The children of a name, in order. */
export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.ours && child.name === name);
}

/** The first child of a name. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.ours && child.name === name);
}

/** The texts of the children of a name, empty ones left out. */
export function textsOf(element: XmlElement, name: string): readonly string[] {
  return childrenOf(element, name)
    .map((child) => child.text)
    .filter((text) => text !== "");
}
