import { BrokerError, type Message, type MessageFilter, type PropertyValue } from "@tsapollo/domain";
import { type PropertySource, parseSelector, type Selector, SelectorError } from "@tsapollo/selector";

/** A configured selector as a filter; one object is the source of properties for all messages, one at a time. */
export class SelectorFilter implements MessageFilter, PropertySource {
  readonly text: string;
  readonly #selector: Selector;
  #message: Message | undefined = undefined;

  /** @throws BrokerError BAD_SELECTOR */
  constructor(text: string) {
    this.text = text;
    try {
      this.#selector = parseSelector(text);
    } catch (cause) {
      if (!(cause instanceof SelectorError)) throw cause;
      throw new BrokerError("BAD_SELECTOR", `Invalid selector expression: ${text}: ${cause.message}`, {
        cause,
      });
    }
  }

  matches(message: Message): boolean {
    this.#message = message;
    const wanted = this.#selector.matches(this);
    this.#message = undefined;
    return wanted;
  }

  property(name: string): PropertyValue | undefined {
    return this.#message!.codec.property(this.#message!, name);
  }

  body(): Uint8Array {
    return this.#message!.body();
  }
}
