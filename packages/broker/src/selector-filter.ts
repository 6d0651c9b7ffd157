import { BrokerError, type Message, type MessageFilter, type PropertyValue } from "@tsapollo/domain";
import {
  type PropertySource,
  parseSelector,
  type Selector,
  SelectorError,
  type XPathFunction,
} from "@tsapollo/selector";

/** Codec of the messages whose body is text, as far as the protocol says. [messaging 14.4] */
const TEXT_CODEC_ID = "stomp";

const NO_TEXT = new Uint8Array(0);

/** A configured selector as a filter; one object is the source of properties for all messages, one at a time. */
export class SelectorFilter implements MessageFilter, PropertySource {
  readonly text: string;
  readonly #selector: Selector;
  #message: Message | undefined = undefined;

  /**
   * @param xpath evaluates XPATH; without it a selector that has it is refused
   * @throws BrokerError BAD_SELECTOR
   */
  constructor(text: string, xpath?: XPathFunction) {
    this.text = text;
    try {
      this.#selector = parseSelector(text, { xpath });
    } catch (cause) {
      if (!(cause instanceof SelectorError)) throw cause;
      throw new BrokerError("BAD_SELECTOR", `Invalid selector expression: ${text}: ${cause.message}`, {
        cause,
      });
    }
  }

  matches(message: Message): boolean {
    this.#message = message;
    try {
      return this.#selector.matches(this);
    } catch {
      return false; // a message whose codec cannot read it: not wanted, and its publisher goes on
    } finally {
      this.#message = undefined;
    }
  }

  property(name: string): PropertyValue | undefined {
    return this.#message!.codec.property(this.#message!, name);
  }

  /** For XPATH; nothing is no document, so that messages of other protocols do not match. */
  body(): Uint8Array {
    const message = this.#message!;
    return message.codec.id === TEXT_CODEC_ID ? message.body() : NO_TEXT;
  }
}
