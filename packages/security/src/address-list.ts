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
  readonly #networks4 = new Networks("ipv4");
  readonly #networks6 = new Networks("ipv6");

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
    if (family === 4) return this.#networks4.has(address);
    return family === 6 && this.#networks6.has(address);
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
    if (isIP(address) === 4) this.#networks4.add(address, bits);
    else this.#networks6.add(address, bits);
    return true;
  }
}

/** Networks of one family. Node's list takes 10 µs to say that it is empty, and most lists are. */
class Networks {
  readonly #family: "ipv4" | "ipv6";
  #list: BlockList | undefined = undefined;

  constructor(family: "ipv4" | "ipv6") {
    this.#family = family;
  }

  add(address: string, bits: number): void {
    this.#list ??= new BlockList();
    this.#list.addSubnet(address, bits, this.#family);
  }

  has(address: string): boolean {
    return this.#list?.check(address, this.#family) ?? false;
  }
}

/** The prefix length; `::ffff:10.0.0.0/104` is `10.0.0.0/8`. Undefined when out of range. */
function networkBits(written: string, canonical: string, bits: number): number | undefined {
  const isMapped = isIP(canonical) === 4 && written.includes(":");
  const actual = isMapped ? bits - MAPPED_PREFIX_BITS : bits;
  return actual >= 0 && actual <= (isIP(canonical) === 4 ? 32 : 128) ? actual : undefined;
}
