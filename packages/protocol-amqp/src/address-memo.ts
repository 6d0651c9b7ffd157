import type { Address } from "@tsapollo/domain";

const ENTRIES_MAX = 1_000;
/** Longer texts are read each time: they may name a thousand destinations. */
const LENGTH_MAX = 512;

/** Addresses by what messages call them: the engine is fastest when it gets the same object for the same name. */
export class AddressMemo {
  readonly #parse: (text: string) => readonly Address[];
  readonly #known: Map<string, readonly Address[]> = new Map();

  constructor(parse: (text: string) => readonly Address[]) {
    this.#parse = parse;
  }

  /** @throws BrokerError BAD_ADDRESS */
  find(text: string): readonly Address[] {
    let found = this.#known.get(text);
    if (found === undefined) {
      found = this.#parse(text);
      if (text.length > LENGTH_MAX) return found;
      if (this.#known.size >= ENTRIES_MAX) this.#known.clear(); // simpler than finding the oldest
      this.#known.set(text, found);
    }
    return found;
  }
}
