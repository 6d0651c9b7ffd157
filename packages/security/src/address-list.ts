import { BlockList, isIP } from "node:net";
import { canonicalIp } from "./ip-address.ts";

/** A line that is neither an address nor a network. */
export interface InvalidLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

const COMMENT = /#.*$/;
const NETWORK = /^([^/]+)\/(\d{1,3})$/;
const MAPPED_PREFIX_BITS = 96;

/**
 * A list of IP addresses and networks (`10.0.0.0/8`, `2001:db8::/32`), one a line, with `#` comments.
 * [instance 13.6, 20 #16]
 */
export class AddressList {
  /** Lines that were ignored. */
  readonly invalidLines: readonly InvalidLine[];
  /** Single addresses, so that long lists of them stay fast. */
  readonly #addresses = new Set<string>();
  readonly #networks = new BlockList();

  constructor(text: string) {
    const invalid: InvalidLine[] = [];
    text.split(/\r\n|\r|\n/).forEach((raw, index) => {
      const entry = raw.replace(COMMENT, "").trim();
      if (entry !== "" && !this.#add(entry)) invalid.push({ line: index + 1, text: entry.slice(0, 100) });
    });
    this.invalidLines = invalid;
  }

  /** Whether the list covers a canonical address; never for what is no IP address. */
  has(address: string): boolean {
    if (this.#addresses.has(address)) return true;
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 4 ? "ipv4" : "ipv6");
  }

  #add(entry: string): boolean {
    const network = NETWORK.exec(entry);
    const address = canonicalIp(network?.[1] ?? entry);
    if (address === undefined) return false;
    if (network === null) {
      this.#addresses.add(address);
      return true;
    }
    const bits = networkBits(network[1]!, address, Number(network[2]));
    if (bits === undefined) return false;
    this.#networks.addSubnet(address, bits, isIP(address) === 4 ? "ipv4" : "ipv6");
    return true;
  }
}

/** The prefix length; `::ffff:10.0.0.0/104` is `10.0.0.0/8`. Undefined when out of range. */
function networkBits(written: string, canonical: string, bits: number): number | undefined {
  const isMapped = isIP(canonical) === 4 && written.includes(":");
  const actual = isMapped ? bits - MAPPED_PREFIX_BITS : bits;
  return actual >= 0 && actual <= (isIP(canonical) === 4 ? 32 : 128) ? actual : undefined;
}
