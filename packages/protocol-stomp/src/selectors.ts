import { BrokerError, type Message, type MessageFilter, type PropertyValue } from "@tsapollo/domain";
import { type PropertySource, type Selector, SelectorCache, SelectorError } from "@tsapollo/selector";

/** STOMP's headers are text, and their names have hyphens. [messaging 14.2] */
const MODES = "convert_string_expressions:hyphenated_props:";

/** The message a selector looks at: one object, told each time which, so that looking allocates nothing. */
class LookedAt implements PropertySource {
  message: Message | undefined = undefined;

  property(name: string): PropertyValue | undefined {
    const message = this.message!;
    return message.codec.property(message, name);
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
  readonly #cache: SelectorCache = new SelectorCache({ convertStrings: true, hyphenatedNames: true });
  readonly #lookedAt: LookedAt = new LookedAt();

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
