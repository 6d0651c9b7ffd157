import { SelectorError } from "./errors.ts";
import { parseSelector, type Selector, type SelectorOptions } from "./selector.ts";

const ENTRIES_MAX = 100;

/** What {@link SelectorCache} is made with. */
export interface SelectorCacheOptions extends SelectorOptions {
  /** Selectors and refusals remembered; 100 by default. */
  readonly entriesMax?: number;
}

/**
 * Selectors by their text, refused ones too; the one that was not asked for the longest is forgotten first. All are
 * read with the same options. [messaging 14.3]
 */
export class SelectorCache {
  readonly #options: SelectorCacheOptions;
  readonly #entriesMax: number;
  /** In the order they were asked for. */
  readonly #entries: Map<string, Selector | SelectorError> = new Map();

  constructor(options: SelectorCacheOptions = {}) {
    this.#options = options;
    this.#entriesMax = options.entriesMax ?? ENTRIES_MAX;
  }

  /** How many texts are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The selector of a text.
   * @throws SelectorError as {@link parseSelector} does, the same one each time while it is remembered
   */
  get(text: string): Selector {
    const entry = this.#entries.get(text) ?? this.#parsed(text);
    this.#entries.delete(text);
    this.#entries.set(text, entry);
    if (this.#entries.size > this.#entriesMax) this.#forgetOldest();
    if (entry instanceof SelectorError) throw entry;
    return entry;
  }

  #parsed(text: string): Selector | SelectorError {
    try {
      return parseSelector(text, this.#options);
    } catch (error) {
      if (error instanceof SelectorError) return error;
      throw error;
    }
  }

  #forgetOldest(): void {
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
