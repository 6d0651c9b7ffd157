import { Address, BrokerError, formatPath, type PathSyntax, parsePath } from "@tsapollo/domain";
import type { MqttOptions } from "./options.ts";
import { REASON, violation } from "./reasons.ts";

const NAME_BYTES_MAX = 65_535;

/**
 * How one connector spells names: `a/b` ⇄ topic [a][b], and queues when it has a `queue_prefix`.
 * [messaging 2.3, 2.4, 2.7]
 */
export class MqttAddresses {
  /** Differs between connectors that spell addresses differently. */
  readonly spelling: string;
  readonly #options: MqttOptions;
  readonly #syntax: PathSyntax;

  constructor(options: MqttOptions) {
    this.#options = options;
    const { regexWildcardStart: regexStart, regexWildcardEnd: regexEnd, partPattern } = options;
    this.spelling = JSON.stringify([options.queuePrefix ?? "", options.pathSeparator, String(partPattern)]);
    this.#syntax = {
      separator: options.pathSeparator,
      anyChild: options.anyChildWildcard,
      anyDescendant: options.anyDescendantWildcard,
      ...(regexStart === undefined || regexEnd === undefined ? {} : { regexStart, regexEnd }),
      ...(partPattern === undefined ? {} : { partPattern }),
    };
  }

  /**
   * The address of a topic name, as in PUBLISH and wills. [MQTT-3.3.2-2] [MQTT-4.7.1-1] [MQTT-4.7.3-1]
   * @throws BrokerError PROTOCOL_VIOLATION for empty names, names with wildcards and names with too many levels;
   *     BAD_ADDRESS for what the configured part pattern forbids
   */
  ofTopicName(name: string): Address {
    const { anyChildWildcard, anyDescendantWildcard } = this.#options;
    if (name.includes(anyChildWildcard) || name.includes(anyDescendantWildcard)) {
      throw violation(`The topic name '${shortened(name)}' contains a wildcard.`, REASON.TOPIC_NAME_INVALID);
    }
    const address = this.#parse(name, "topic name");
    if (address.isPattern) throw violation(`The topic name '${shortened(name)}' contains an expression.`);
    return address;
  }

  /**
   * The address of a topic filter. [MQTT-4.7.1-2] [MQTT-4.7.1-3] [MQTT-4.7.3-1]
   * @throws BrokerError PROTOCOL_VIOLATION, BAD_ADDRESS as {@link MqttAddresses.ofTopicName}
   */
  ofFilter(filter: string): Address {
    const { pathSeparator, anyChildWildcard, anyDescendantWildcard } = this.#options;
    const levels = filter.split(pathSeparator);
    for (let at = 0; at < levels.length; at += 1) {
      const level = levels[at]!;
      if (level === anyDescendantWildcard) {
        if (at === levels.length - 1) continue;
        throw violation(
          `'${anyDescendantWildcard}' is not the last level of '${shortened(filter)}'.`,
          REASON.TOPIC_FILTER_INVALID,
        );
      }
      if (level === anyChildWildcard || this.#syntax.regexStart !== undefined) continue;
      if (level.includes(anyChildWildcard) || level.includes(anyDescendantWildcard)) {
        throw violation(
          `A wildcard is only a part of a level of '${shortened(filter)}'; it must be all of it.`,
          REASON.TOPIC_FILTER_INVALID,
        );
      }
    }
    return this.#parse(filter, "topic filter");
  }

  /** The topic name of an address, or undefined when MQTT cannot spell it so that it means the same. */
  nameOf(address: Address): string | undefined {
    const { queuePrefix } = this.#options;
    if (address.isPattern || address.kind === "dsub") return undefined;
    if (address.kind === "queue" && queuePrefix === undefined) return undefined;
    const name = `${address.kind === "queue" ? queuePrefix : ""}${formatPath(address.path, this.#syntax)}`;
    if (name.includes("\0") || Buffer.byteLength(name) > NAME_BYTES_MAX) return undefined;
    try {
      return this.ofTopicName(name).key === address.key ? name : undefined;
    } catch (error) {
      if (error instanceof BrokerError) return undefined;
      throw error;
    }
  }

  #parse(text: string, what: string): Address {
    const { queuePrefix, pathSeparator, maxTopicLevels, maxTopicLength } = this.#options;
    const reason = what === "topic name" ? REASON.TOPIC_NAME_INVALID : REASON.TOPIC_FILTER_INVALID;
    const isQueue = queuePrefix !== undefined && text.startsWith(queuePrefix);
    const path = isQueue ? text.slice(queuePrefix.length) : text;
    if (path === "") throw violation(`A ${what} is empty.`);
    if (text.length * 3 > maxTopicLength && Buffer.byteLength(text) > maxTopicLength) {
      throw violation(`The ${what} '${shortened(text)}' has more than ${maxTopicLength} bytes.`, reason);
    }
    if (levelCount(path, pathSeparator) > maxTopicLevels) {
      throw violation(`The ${what} '${shortened(text)}' has more than ${maxTopicLevels} levels.`, reason);
    }
    return new Address(isQueue ? "queue" : "topic", parsePath(path, this.#syntax));
  }
}

/** Whether only the broker may publish to it. Such messages are dropped. [MQTT-4.7.2-1] */
export function isReserved(address: Address): boolean {
  return address.path[0] === "$SYS";
}

function levelCount(path: string, separator: string): number {
  let count = 1;
  for (let at = path.indexOf(separator); at !== -1; at = path.indexOf(separator, at + separator.length))
    count += 1;
  return count;
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
