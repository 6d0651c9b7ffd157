import { type Address, BrokerError } from "@tsapollo/domain";
import type { MqttAddresses } from "./addresses.ts";
import type { FilterOptions } from "./filter-request.ts";
import type { MqttOptions } from "./options.ts";
import { PacketError, REASON, violation } from "./reasons.ts";
import { sharedAddress } from "./shared-groups.ts";

/** A shared subscription's name, read. */
export interface SharedName {
  /** Undefined for `$queue/…`. */
  readonly group: string | undefined;
  /** The topics it collects. */
  readonly address: Address;
  /** The durable subscription that its members consume from. */
  readonly durable: Address;
}

const SHARE = "$share/";
const QUEUE = "$queue/";

/** Reads topic filters, shared ones included, and says what a connector does not allow. [MQTT5-4.8.2] */
export class FilterSyntax {
  readonly #addresses: MqttAddresses;
  readonly #options: MqttOptions;

  constructor(addresses: MqttAddresses, options: MqttOptions) {
    this.#addresses = addresses;
    this.#options = options;
  }

  /**
   * Reads a filter; what is refused is the SUBACK's business and so returned.
   * @throws PacketError for what no filter may be
   */
  parse(text: string): Address | SharedName | BrokerError {
    try {
      const parsed = text.startsWith(SHARE)
        ? this.#shared(text)
        : text.startsWith(QUEUE)
          ? this.#group(undefined, text.slice(QUEUE.length), text)
          : this.#addresses.ofFilter(text);
      if (parsed instanceof BrokerError) return parsed;
      const address = "durable" in parsed ? parsed.address : parsed;
      if (address.isPattern && !this.#options.wildcardsAvailable) {
        return refusal(REASON.WILDCARDS_NOT_SUPPORTED, "Wildcards in filters are not allowed.");
      }
      return parsed;
    } catch (error) {
      if (error instanceof BrokerError && error.code === "BAD_ADDRESS") return error;
      throw error;
    }
  }

  /** @throws PacketError for options that do not go with a filter [MQTT5-3.8.3-4] */
  checkOptions({ noLocal, identifier }: FilterOptions, parsed: Address | SharedName | BrokerError): void {
    const isShared = !(parsed instanceof BrokerError) && "durable" in parsed;
    if (noLocal && isShared) throw violation("A shared subscription asks for no-local.");
    if (identifier === 0 || this.#options.subscriptionIdsAvailable) return;
    throw violation("A SUBSCRIBE has a subscription identifier.", REASON.SUBSCRIPTION_IDS_NOT_SUPPORTED);
  }

  /** [MQTT5-4.8.2-1] [MQTT5-4.8.2-2] */
  #shared(text: string): SharedName | BrokerError {
    const slash = text.indexOf("/", SHARE.length);
    const group = slash === -1 ? text.slice(SHARE.length) : text.slice(SHARE.length, slash);
    if (group === "" || /[+#]/.test(group)) {
      throw violation(
        `The shared subscription '${text.slice(0, 100)}' has no group, or one with a wildcard.`,
      );
    }
    if (slash === -1 || slash === text.length - 1) {
      throw violation(`The shared subscription '${text.slice(0, 100)}' has no filter.`);
    }
    return this.#group(group, text.slice(slash + 1), text);
  }

  #group(group: string | undefined, filter: string, text: string): SharedName | BrokerError {
    if (!this.#options.sharedAvailable) {
      return refusal(REASON.SHARED_NOT_SUPPORTED, "Shared subscriptions are not allowed.");
    }
    const address = this.#addresses.ofFilter(filter);
    if (address.kind !== "topic") {
      const reason = `'${text.slice(0, 100)}' shares a queue; a queue is shared by all its consumers anyway.`;
      return refusal(REASON.TOPIC_FILTER_INVALID, reason);
    }
    return { group, address, durable: sharedAddress(group, address) };
  }
}

function refusal(reason: number, text: string): PacketError {
  return new PacketError(reason, text, "UNSUPPORTED");
}
