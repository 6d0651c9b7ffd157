import type { Address } from "@tsapollo/domain";
import { bytesEqual, latin1Text, type StompFrame } from "@tsapollo/stomp-parser";
import type { StompAddresses } from "./addresses.ts";

/** Names one connection may remember; past it all are forgotten, which is simpler than finding the oldest. */
const NAMES_MAX = 1_000;

/**
 * The address of a `destination` header, remembered by its bytes: most clients send to few names, and the
 * engine is fastest when it gets the same Address for the same name.
 */
export class DestinationCache {
  readonly #addresses: StompAddresses;
  readonly #known: Map<string, Address> = new Map();
  #lastBytes: Uint8Array = new Uint8Array(0);
  #lastAddress: Address | undefined = undefined;

  constructor(addresses: StompAddresses) {
    this.#addresses = addresses;
  }

  /** @throws BrokerError when the header's value is not a name */
  find(frame: StompFrame, index: number): Address {
    const start = frame.valueStart(index);
    const end = frame.valueEnd(index);
    if (this.#lastAddress !== undefined && bytesEqual(frame.bytes, start, end, this.#lastBytes)) {
      return this.#lastAddress;
    }
    const key = latin1Text(frame.bytes, start, end);
    let address = this.#known.get(key);
    if (address === undefined) {
      address = this.#addresses.parse(frame.header("destination")!);
      if (this.#known.size >= NAMES_MAX) this.#known.clear();
      this.#known.set(key, address);
    }
    this.#lastBytes = new Uint8Array(frame.bytes.subarray(start, end)); // a Buffer's slice would not copy
    this.#lastAddress = address;
    return address;
  }
}
