import type { Position } from "./position.ts";

/** An attribute as it was written, references decoded. */
export interface XmlAttribute {
  readonly name: string;
  readonly value: string;
  /** Where its name starts. */
  readonly position: Position;
}

/** An element of a document with its place. */
export interface XmlElement {
  /** Name without prefix. */
  readonly name: string;
  /** Whether it is in the namespace of Apollo's configuration, the root's namespace, or none. [instance 5.1] */
  readonly ours: boolean;
  /** Where its `<` is. */
  readonly position: Position;
  /** Attributes without prefix. */
  readonly attributes: readonly XmlAttribute[];
  /** Attributes with a prefix, which nobody reads; XML's own (`xmlns:…`, `xml:…`, `xsi:…`) are left out. */
  readonly prefixed: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** Its own text, trimmed. */
  readonly text: string;
}
