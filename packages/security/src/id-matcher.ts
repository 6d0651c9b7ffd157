import {
  BrokerError,
  filterMatches,
  NEUTRAL_SYNTAX,
  type PathPart,
  parseId,
  parsePath,
  type Resource,
} from "@tsapollo/domain";

const DESTINATION_KINDS: ReadonlySet<string> = new Set(["queue", "topic", "dsub"]);

/**
 * Which ids a rule means: its `id`, literally or as a pattern of destination names of any kind, and its
 * `id_regex`. [instance 14.1, 20 #6]
 */
export class IdMatcher {
  readonly #literal: string | undefined;
  readonly #filter: readonly PathPart[] | undefined;
  readonly #regex: RegExp | undefined;

  /** @param id literal or pattern; undefined and `*` are any id */
  constructor(id: string | undefined, regex: RegExp | undefined) {
    this.#literal = id === "*" ? undefined : id;
    this.#filter = this.#literal === undefined ? undefined : destinationFilter(this.#literal);
    this.#regex = regex;
  }

  /** Whether `id` has wildcards and yet is no pattern of destination names: it means only itself. */
  get isSpoiltPattern(): boolean {
    return this.#filter === undefined && /[*{]/.test(this.#literal ?? "");
  }

  matches(resource: Resource): boolean {
    if (this.#literal !== undefined && this.#literal !== resource.id && !this.#covers(resource)) return false;
    return this.#regex === undefined || this.#regex.test(resource.id);
  }

  #covers(resource: Resource): boolean {
    if (this.#filter === undefined || !DESTINATION_KINDS.has(resource.kind)) return false;
    return filterMatches(this.#filter, resource.path ?? parseId(resource.id));
  }
}

/** Ids of connectors and durable subscriptions need not be names of destinations. */
function destinationFilter(id: string): readonly PathPart[] | undefined {
  try {
    return parsePath(id, NEUTRAL_SYNTAX);
  } catch (error) {
    if (error instanceof BrokerError) return undefined;
    throw error;
  }
}

/**
 * An expression for a whole id. Java's `(?i)` and `(?s)` at the beginning become flags.
 * Undefined when it is no expression here.
 */
export function wholeIdRegex(source: string): RegExp | undefined {
  const inline = /^\(\?([is]+)\)/.exec(source);
  const body = source.slice(inline?.[0].length ?? 0);
  const flags = [...new Set(inline?.[1] ?? "")].join("");
  // Without `u` Java's escaped punctuation (`\-`) is understood, but classes (`\p{…}`) would be letters.
  for (const unicode of body.includes("\\p") ? ["u"] : ["u", ""]) {
    try {
      return new RegExp(`^(?:${body})$`, flags + unicode);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}
