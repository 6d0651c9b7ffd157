import type { Address } from "@tsapollo/domain";
import type { MqttAddresses } from "./addresses.ts";
import { malformed } from "./reasons.ts";
import { isMqttString } from "./wire.ts";

/** Longer names are read anew each time, so that hostile ones cannot fill the memory. */
const NAME_BYTES_MAX = 256;
const SLOTS = 4_096;
const ADDRESSES_MAX = 16_384;

/** A topic name that was met before. */
export interface TopicEntry {
  /** The name as it stands in packets, without its length. */
  readonly bytes: Uint8Array;
  /** Undefined when the configuration forbids the name. */
  readonly address: Address | undefined;
}

/**
 * From the bytes of a topic name to its Address: the same object for the same name as long as it is remembered.
 * Names are checked only when they are new here. Two levels, both bounded: a table indexed by a hash of the
 * bytes, in which a newcomer replaces whoever has its slot, and behind it a map by text.
 */
export class TopicCache {
  readonly #addresses: MqttAddresses;
  readonly #slots: (TopicEntry | undefined)[] = new Array<TopicEntry | undefined>(SLOTS).fill(undefined);
  readonly #byName = new Map<string, Address>();

  constructor(addresses: MqttAddresses) {
    this.#addresses = addresses;
  }

  /**
   * Knows or learns the name in `bytes[start..end)`.
   * @throws BrokerError PROTOCOL_VIOLATION, BAD_ADDRESS
   */
  resolve(bytes: Uint8Array, start: number, end: number): TopicEntry {
    const length = end - start;
    let hash = length;
    for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    const index = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const slot = this.#slots[index];
    if (slot !== undefined && slot.bytes.length === length && sameBytes(slot.bytes, bytes, start)) {
      return slot;
    }
    // bytes of its own: the slice of a Buffer would change with the next read
    const own = new Uint8Array(bytes.subarray(start, end));
    const entry = { bytes: own, address: this.#byText(bytes, start, end) };
    if (length <= NAME_BYTES_MAX) this.#slots[index] = entry;
    return entry;
  }

  #byText(bytes: Uint8Array, start: number, end: number): Address {
    if (!isMqttString(bytes, start, end)) {
      throw malformed("A topic name is not well-formed UTF-8 or contains U+0000.");
    }
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const address = this.#addresses.ofTopicName(name);
    if (end - start <= NAME_BYTES_MAX) {
      if (this.#byName.size === ADDRESSES_MAX) this.#byName.clear();
      this.#byName.set(name, address);
    }
    return address;
  }
}

/** Whether `bytes` from `start` on begins with `known`. */
export function sameBytes(known: Uint8Array, bytes: Uint8Array, start: number): boolean {
  // names of one family differ at their end
  for (let at = known.length - 1; at >= 0; at -= 1) {
    if (known[at] !== bytes[start + at]) return false;
  }
  return true;
}
