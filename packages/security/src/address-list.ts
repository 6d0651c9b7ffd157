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
  /** Apart, because node takes every IPv4 address for one of IPv6 too: `::/0` would cover it. */
  readonly #networks4 = new BlockList();
  readonly #networks6 = new BlockList();

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
    if (family === 4) return this.#networks4.check(address, "ipv4");
    return family === 6 && this.#networks6.check(address, "ipv6");
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
    if (isIP(address) === 4) this.#networks4.addSubnet(address, bits, "ipv4");
    else this.#networks6.addSubnet(address, bits, "ipv6");
    return true;
  }
}

/** The prefix length; `::ffff:10.0.0.0/104` is `10.0.0.0/8`. Undefined when out of range. */
function networkBits(written: string, canonical: string, bits: number): number | undefined {
  const isMapped = isIP(canonical) === 4 && written.includes(":");
  const actual = isMapped ? bits - MAPPED_PREFIX_BITS : bits;
  return actual >= 0 && actual <= (isIP(canonical) === 4 ? 32 : 128) ? actual : undefined;
}
