import { BrokerError, type Message, type MessageFilter, type PropertyValue } from "@tsapollo/domain";
import {
  type PropertySource,
  type Selector,
  SelectorCache,
  SelectorError,
  type XPathFunction,
} from "@tsapollo/selector";
import { STOMP_CODEC_ID } from "./message-codec.ts";

/** STOMP's headers are text, and their names have hyphens. [messaging 14.2] */
const MODES = "convert_string_expressions:hyphenated_props:";

const NO_TEXT = new Uint8Array(0);

/** The message a selector looks at: one object, told each time which, so that looking allocates nothing. */
class LookedAt implements PropertySource {
  message: Message | undefined = undefined;

  property(name: string): PropertyValue | undefined {
    const message = this.message!;
    return message.codec.property(message, name);
  }

  /** For XPATH. Only STOMP says that a body is text; nothing is no document, so that others do not match. [14.4] */
  body(): Uint8Array {
    const message = this.message!;
    return message.codec.id === STOMP_CODEC_ID ? message.body() : NO_TEXT;
  }
}

/** A selector over messages of any encoding. */
class SelectorFilter implements MessageFilter {
  readonly text: string;
  readonly #selector: Selector;
  readonly #lookedAt: LookedAt;

  constructor(selector: Selector, lookedAt: LookedAt) {
    this.text = MODES + selector.text;
    this.#selector = selector;
    this.#lookedAt = lookedAt;
  }

  matches(message: Message): boolean {
    this.#lookedAt.message = message;
    try {
      return this.#selector.matches(this.#lookedAt);
    } catch {
      return false; // a message whose codec cannot read it: not wanted, and the queue goes on
    } finally {
      this.#lookedAt.message = undefined; // it must not live longer for having been looked at
    }
  }
}

/** Selectors of a connector's clients; the parsed form of the last 100 is remembered. [messaging 14.3] */
export class Selectors {
  readonly #cache: SelectorCache;
  readonly #lookedAt: LookedAt = new LookedAt();

  /** @param xpath evaluates XPATH; without it a selector that has it is refused */
  constructor(xpath?: XPathFunction) {
    this.#cache = new SelectorCache({ convertStrings: true, hyphenatedNames: true, xpath });
  }

  /**
   * The filter of a `selector` header.
   * @throws BrokerError BAD_SELECTOR `Invalid selector expression: <text>`; its cause says why
   */
  filter(text: string): MessageFilter {
    try {
      return new SelectorFilter(this.#cache.get(text), this.#lookedAt);
    } catch (cause) {
      if (!(cause instanceof SelectorError)) throw cause;
      throw new BrokerError("BAD_SELECTOR", `Invalid selector expression: ${text}`, { cause });
    }
  }
}
