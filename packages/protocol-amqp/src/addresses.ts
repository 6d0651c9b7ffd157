import {
  Address,
  BrokerError,
  type DestinationKind,
  formatPath,
  NEUTRAL_SYNTAX,
  type PathPart,
  type PathSyntax,
  parsePath,
} from "@tsapollo/domain";
import type { AmqpNaming } from "./options.ts";

/** Longest text of one or several destinations: of each message and link it is remembered. */
const TEXT_MAX = 16_384;

/** There is no option for it. [messaging 2.3] */
const DSUB_PREFIX = "dsub://";

/** What the real names of a connection's temporary destinations begin with. [messaging 2.9] */
export type TemporaryScope = readonly string[];

/** The scope of a client's temporary destinations: the core knows whose they are by it. [messaging 2.9] */
export function temporaryScope(brokerId: string, clientId: string): TemporaryScope {
  return ["temp", brokerId, clientId];
}

/** Destinations as a connector's clients spell them: `queue://a.b` ⇄ Address. [messaging 2.3] */
export class AmqpAddresses {
  readonly #naming: AmqpNaming;
  readonly #syntax: PathSyntax;

  constructor(naming: AmqpNaming) {
    this.#naming = naming;
    const { regexWildcardStart, regexWildcardEnd } = naming;
    const hasRegex = regexWildcardStart !== undefined && regexWildcardEnd !== undefined;
    this.#syntax = Object.freeze({
      separator: naming.pathSeparator,
      anyChild: naming.anyChildWildcard,
      anyDescendant: naming.anyDescendantWildcard,
      partPattern: NEUTRAL_SYNTAX.partPattern!,
      ...(hasRegex ? { regexStart: regexWildcardStart, regexEnd: regexWildcardEnd } : {}),
    });
  }

  /** Prefixes of queues and topics, for clients that put them before names themselves. */
  get prefixes(): { readonly queue: string; readonly topic: string } {
    return { queue: this.#naming.queuePrefix, topic: this.#naming.topicPrefix };
  }

  /**
   * The destinations of a composite, or the only one. Empty pieces at the end vanish. [messaging 2.4]
   * @param plain what names without a prefix are; undefined: as configured
   * @param scope where temporary destinations are; without it they are refused
   * @throws BrokerError BAD_ADDRESS
   */
  parseAll(text: string, plain?: DestinationKind, scope?: TemporaryScope): readonly Address[] {
    if (text.length > TEXT_MAX) {
      throw new BrokerError(
        "BAD_ADDRESS",
        `An address has ${text.length} characters; at most ${TEXT_MAX} are read`,
      );
    }
    const { destinationSeparator } = this.#naming;
    const pieces = destinationSeparator === "" ? [text] : text.split(destinationSeparator);
    while (pieces.length > 1 && pieces[pieces.length - 1] === "") pieces.pop();
    return pieces.map((piece) => this.parse(piece, plain, scope));
  }

  /**
   * Reads the text of one destination. [messaging 2.4]
   * @throws BrokerError BAD_ADDRESS when it is not a name
   */
  parse(text: string, plain?: DestinationKind, scope?: TemporaryScope): Address {
    const { queuePrefix, topicPrefix, tempQueuePrefix, tempTopicPrefix, plainNames } = this.#naming;
    if (startsWith(text, queuePrefix)) return this.#named("queue", text.slice(queuePrefix.length));
    if (startsWith(text, topicPrefix)) return this.#named("topic", text.slice(topicPrefix.length));
    if (text.startsWith(DSUB_PREFIX)) return this.#named("dsub", text.slice(DSUB_PREFIX.length));
    if (scope !== undefined && startsWith(text, tempTopicPrefix)) {
      return this.#named("topic", text.slice(tempTopicPrefix.length), scope);
    }
    if (scope !== undefined && startsWith(text, tempQueuePrefix)) {
      return this.#named("queue", text.slice(tempQueuePrefix.length), scope);
    }
    const kind = plain ?? (plainNames === "none" ? undefined : plainNames);
    if (kind !== undefined && text !== "") return this.#named(kind, text);
    const wanted = [queuePrefix, topicPrefix, DSUB_PREFIX].join(", ");
    throw new BrokerError("BAD_ADDRESS", `Invalid address: '${text}', it must start with one of ${wanted}`);
  }

  #named(kind: DestinationKind, text: string, scope: readonly PathPart[] = []): Address {
    return new Address(kind, [...scope, ...parsePath(text, this.#syntax)]);
  }

  /** Whether one destination is spelled as a temporary one, so that others know it by another name. */
  isTemporary(text: string): boolean {
    const { tempQueuePrefix, tempTopicPrefix } = this.#naming;
    return startsWith(text, tempQueuePrefix) || startsWith(text, tempTopicPrefix);
  }

  /** The address of the durable subscription of a link's name: its parts are text, never wildcards. [2.7, 17.4] */
  durable(name: string): Address {
    return new Address("dsub", name.split(this.#naming.pathSeparator));
  }

  /** Writes an address as the connector's clients spell it. */
  format(address: Address): string {
    return this.#prefix(address.kind) + formatPath(address.path, this.#syntax);
  }

  #prefix(kind: DestinationKind): string {
    switch (kind) {
      case "queue":
        return this.#naming.queuePrefix;
      case "topic":
        return this.#naming.topicPrefix;
      case "dsub":
        return DSUB_PREFIX;
    }
  }
}

/** An empty prefix would claim every name. */
function startsWith(text: string, prefix: string): boolean {
  return prefix !== "" && text.startsWith(prefix);
}
