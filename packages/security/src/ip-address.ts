import { isIP, SocketAddress } from "node:net";

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/**
 * The one spelling of an IP address: IPv6 compressed in lower case, IPv4 inside IPv6 as IPv4, no zone.
 * Undefined when it is no IP address. [instance 20 #16]
 */
export function canonicalIp(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  const family = isIP(bare);
  if (family === 0) return undefined;
  if (family === 4) return bare;
  const { address } = new SocketAddress({ address: bare, family: "ipv6" });
  return MAPPED.exec(address)?.[1] ?? address;
}

/** The address of an `address:port` text, canonical if it is an IP address, as it stands otherwise. */
export function hostOf(remoteAddress: string): string {
  const colon = remoteAddress.lastIndexOf(":");
  const host = colon === -1 ? remoteAddress : remoteAddress.slice(0, colon);
  return canonicalIp(host) ?? canonicalIp(remoteAddress) ?? host;
}
