import type { Address } from "@tsapollo/domain";
import type { MqttAddresses } from "./addresses.ts";

const NAMES_MAX = 16_384;
const NAME_BYTES_MAX = 512;

/** Stands for an address that MQTT cannot spell. */
export const NO_NAME: Uint8Array = new Uint8Array(0);

/** From an Address to its topic name as bytes, with the two length bytes in front. Remembered, bounded. */
export class TopicNames {
  /** Under which messages of other protocols remember the properties that their headers make; by spelling. */
  readonly propertiesForm: string;
  readonly #addresses: MqttAddresses;
  readonly #known = new Map<string, Uint8Array>();
  #lastAddress: Address | undefined;
  #lastName: Uint8Array = NO_NAME;

  constructor(addresses: MqttAddresses) {
    this.#addresses = addresses;
    this.propertiesForm = `mqtt-5:properties:${addresses.spelling}`;
  }

  /** The name, or {@link NO_NAME}. */
  of(address: Address): Uint8Array {
    if (address === this.#lastAddress) return this.#lastName;
    const name = this.#known.get(address.key) ?? this.#encode(address);
    this.#lastAddress = address;
    this.#lastName = name;
    return name;
  }

  #encode(address: Address): Uint8Array {
    const name = prefixed(this.#addresses.nameOf(address));
    if (name.length <= NAME_BYTES_MAX) {
      if (this.#known.size === NAMES_MAX) this.#known.clear();
      this.#known.set(address.key, name);
    }
    return name;
  }
}

/** A topic name as it stands in packets. */
export function prefixed(name: string | undefined): Uint8Array {
  if (name === undefined) return NO_NAME;
  const length = Buffer.byteLength(name);
  const bytes = Buffer.alloc(2 + length);
  bytes.writeUInt16BE(length, 0);
  bytes.write(name, 2, "utf8");
  return bytes;
}
