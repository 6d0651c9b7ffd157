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
import type { StompNaming } from "./options.ts";

/** There is no option for it. [messaging 2.3] */
const DSUB_PREFIX = "/dsub/";

/** What the real names of a connection's temporary destinations begin with. [messaging 2.9] */
export type TemporaryScope = readonly string[];

/** The scope of a client's temporary destinations: the core knows whose they are by it. [messaging 2.9] */
export function temporaryScope(brokerId: string, clientId: string): TemporaryScope {
  return ["temp", brokerId, clientId];
}

/** Destinations as a connector's clients spell them: `/queue/a.b` ⇄ Address. */
export class StompAddresses {
  readonly #naming: StompNaming;
  readonly #syntax: PathSyntax;

  constructor(naming: StompNaming) {
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

  /**
   * The destinations of a composite, or the only one. Empty pieces at the end vanish. [messaging 2.4]
   * @throws BrokerError BAD_ADDRESS when there is none
   */
  split(text: string): readonly string[] {
    const { destinationSeparator } = this.#naming;
    if (destinationSeparator === "" || !text.includes(destinationSeparator)) return [text];
    const pieces = text.split(destinationSeparator);
    while (pieces[pieces.length - 1] === "") pieces.pop();
    if (pieces.length > 0) return pieces;
    throw new BrokerError("BAD_ADDRESS", `Invalid destination: '${text}', it names no destination`);
  }

  /**
   * Reads the text of one destination. [messaging 2.4]
   * @param scope where temporary destinations are; without it they are refused
   * @throws BrokerError BAD_ADDRESS when it is not a name, or several
   */
  parse(text: string, scope?: TemporaryScope): Address {
    const { queuePrefix, topicPrefix, tempTopicPrefix, tempQueuePrefix } = this.#naming;
    if (text.startsWith(queuePrefix)) return this.#named("queue", text.slice(queuePrefix.length));
    if (text.startsWith(topicPrefix)) return this.#named("topic", text.slice(topicPrefix.length));
    if (text.startsWith(DSUB_PREFIX)) return this.#named("dsub", text.slice(DSUB_PREFIX.length));
    if (scope !== undefined && text.startsWith(tempTopicPrefix)) {
      return this.#named("topic", text.slice(tempTopicPrefix.length), scope);
    }
    if (scope !== undefined && text.startsWith(tempQueuePrefix)) {
      return this.#named("queue", text.slice(tempQueuePrefix.length), scope);
    }
    const prefixes = [queuePrefix, topicPrefix, DSUB_PREFIX];
    if (scope !== undefined) prefixes.push(tempTopicPrefix, tempQueuePrefix);
    const wanted = `${prefixes.slice(0, -1).join(", ")} or ${prefixes[prefixes.length - 1]}`;
    throw new BrokerError("BAD_ADDRESS", `Invalid destination: '${text}', it must start with ${wanted}`);
  }

  #named(kind: DestinationKind, text: string, scope: readonly PathPart[] = []): Address {
    return new Address(kind, [...scope, ...parsePath(text, this.#syntax)]);
  }

  /** Whether one destination is spelled as a temporary one, so that others know it by another name. */
  isTemporary(text: string): boolean {
    const { queuePrefix, topicPrefix, tempTopicPrefix, tempQueuePrefix } = this.#naming;
    if (text.startsWith(queuePrefix) || text.startsWith(topicPrefix) || text.startsWith(DSUB_PREFIX)) {
      return false; // prefixes are tried in this order [messaging 2.4]
    }
    return text.startsWith(tempTopicPrefix) || text.startsWith(tempQueuePrefix);
  }

  /** Joins what {@link StompAddresses.split} took apart. */
  join(pieces: readonly string[]): string {
    return pieces.join(this.#naming.destinationSeparator);
  }

  /** The address of the durable subscription with an id: its parts are text, never wildcards. [messaging 2.7] */
  durable(id: string): Address {
    return new Address("dsub", id.split(this.#naming.pathSeparator));
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
