/** What a property of a message can be; the same types as the broker's domain names. */
export type PropertyValue = string | number | bigint | boolean | Uint8Array;

/** What a selector looks at: one message, seen through its properties. */
export interface PropertySource {
  /** The property's value; undefined when the message has none of that name, which a selector calls null. */
  property(name: string): PropertyValue | undefined;
  /** The body of a message that is text, for XPATH. Left out when it cannot be read as text. [messaging 14.4] */
  body?(): Uint8Array;
}
