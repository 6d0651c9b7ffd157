import { SmallMap } from "@tsapollo/domain";
import { REASON, violation } from "./reasons.ts";
import type { TopicEntry } from "./topic-cache.ts";

/** Topic aliases that a client set: they hold as long as its connection. [MQTT5-3.3.2-7] */
export class ReceivedAliases {
  readonly #max: number;
  readonly #entries: (TopicEntry | undefined)[] = [];

  /** @param max largest alias, as the CONNACK said */
  constructor(max: number) {
    this.#max = max;
  }

  /** The topic of a PUBLISH that has only an alias. [MQTT5-3.3.2-9] */
  get(alias: number): TopicEntry {
    this.#check(alias);
    const known = this.#entries[alias];
    if (known === undefined) {
      throw violation(`A PUBLISH uses topic alias ${alias}, which was not set.`, REASON.PROTOCOL_ERROR);
    }
    return known;
  }

  /** From now on the alias stands for this topic. */
  set(alias: number, entry: TopicEntry): void {
    this.#check(alias);
    this.#entries[alias] = entry;
  }

  #check(alias: number): void {
    if (alias <= this.#max) return;
    throw violation(
      `Topic alias ${alias} exceeds ${this.#max} (topic_alias_max).`,
      REASON.TOPIC_ALIAS_INVALID,
    );
  }
}

/** Shorter names do not gain by an alias, which takes three bytes. */
const NAME_BYTES_MIN = 6;

/** The names whose aliases a client was told. The first ones get one, and keep it. [MQTT5-3.1.2-26] */
export class SentAliases {
  readonly #max: number;
  readonly #byName = new SmallMap<Uint8Array, number>();
  /** Whether the alias that {@link SentAliases.of} returned last is new to the client. */
  isNew = false;

  /** @param max most aliases the client, and the configuration, allow [MQTT5-3.1.2-27] */
  constructor(max: number) {
    this.#max = max;
  }

  /** The alias of a name as `TopicNames` remembers it, or 0. */
  of(name: Uint8Array): number {
    const known = this.#byName.get(name);
    this.isNew = known === undefined;
    if (known !== undefined) return known;
    if (this.#byName.size >= this.#max || name.length < NAME_BYTES_MIN) return 0;
    this.#byName.set(name, this.#byName.size + 1);
    return this.#byName.size;
  }
}
