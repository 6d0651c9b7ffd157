import {
  Address,
  BrokerError,
  type DestinationKind,
  formatPath,
  NEUTRAL_SYNTAX,
  type PathSyntax,
  parsePath,
} from "@tsapollo/domain";
import type { StompNaming } from "./options.ts";

/** There is no option for it. [messaging 2.3] */
const DSUB_PREFIX = "/dsub/";

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
   * Reads the text of a `destination` header. [messaging 2.4]
   * @throws BrokerError BAD_ADDRESS when it is not a name, UNSUPPORTED for composites and temporary ones
   */
  parse(text: string): Address {
    const { queuePrefix, topicPrefix, tempTopicPrefix, tempQueuePrefix, destinationSeparator } = this.#naming;
    if (destinationSeparator !== "" && text.includes(destinationSeparator)) {
      throw new BrokerError("UNSUPPORTED", `Composite destinations are not supported yet: '${text}'`);
    }
    if (text.startsWith(queuePrefix)) return this.#named("queue", text.slice(queuePrefix.length));
    if (text.startsWith(topicPrefix)) return this.#named("topic", text.slice(topicPrefix.length));
    if (text.startsWith(DSUB_PREFIX)) return this.#named("dsub", text.slice(DSUB_PREFIX.length));
    if (text.startsWith(tempTopicPrefix) || text.startsWith(tempQueuePrefix)) {
      throw new BrokerError("UNSUPPORTED", `Temporary destinations are not supported yet: '${text}'`);
    }
    throw new BrokerError(
      "BAD_ADDRESS",
      `Invalid destination: '${text}', it must start with ${queuePrefix}, ${topicPrefix} or ${DSUB_PREFIX}`,
    );
  }

  #named(kind: DestinationKind, path: string): Address {
    return new Address(kind, parsePath(path, this.#syntax));
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
