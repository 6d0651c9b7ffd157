import { BrokerError, type Message, type MessageFilter, type PropertyValue } from "@tsapollo/domain";
import { type PropertySource, type Selector, SelectorCache, SelectorError } from "@tsapollo/selector";
import { ORIGIN_PROPERTY } from "./message-codec.ts";

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
    this.text = selector.text;
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
      this.#lookedAt.message = undefined;
    }
  }
}

/** Selectors of a connector's clients; the parsed form of the last ones is remembered. [messaging 14.3] */
export class Selectors {
  readonly #cache: SelectorCache = new SelectorCache({});
  readonly #lookedAt: LookedAt = new LookedAt();

  /**
   * What a link wants.
   * @param selector a JMS selector
   * @param notFrom no-local: a container whose messages are left out. It is put as a selector, too, so that the filter
   *     can be made again from its text.
   * @throws BrokerError BAD_SELECTOR
   */
  filter(selector: string | undefined, notFrom: string | undefined): MessageFilter | undefined {
    const wanted = selector === undefined || selector.trim() === "" ? undefined : selector;
    if (wanted === undefined && notFrom === undefined) return undefined;
    if (wanted !== undefined) this.#parse(wanted, wanted); // by itself first: parentheses must be its own
    if (notFrom === undefined) return new SelectorFilter(this.#parse(wanted!, wanted!), this.#lookedAt);
    const foreign = `(${ORIGIN_PROPERTY} IS NULL OR ${ORIGIN_PROPERTY} <> '${notFrom.replaceAll("'", "''")}')`;
    const both = wanted === undefined ? foreign : `(${wanted}) AND ${foreign}`;
    return new SelectorFilter(this.#parse(both, wanted ?? ""), this.#lookedAt);
  }

  #parse(text: string, shown: string): Selector {
    try {
      return this.#cache.get(text);
    } catch (cause) {
      if (!(cause instanceof SelectorError)) throw cause;
      const reason = `Invalid selector expression '${shown}': ${cause.message}`;
      throw new BrokerError("BAD_SELECTOR", reason, { cause });
    }
  }
}
