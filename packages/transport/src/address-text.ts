import type { Socket } from "node:net";

/** `127.0.0.1:51234`; an IPv4 address in IPv6 clothes is written as what it is, IPv6 gets brackets. */
export function addressText(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return "unknown:0";
  const plain = address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
  // `join` makes one text of it; a template would be kept as its pieces, three times as large.
  return [plain.includes(":") ? `[${plain}]` : plain, port].join(":");
}

/** The far end of an accepted socket. */
export function remoteOf(socket: Socket): string {
  return addressText(socket.remoteAddress, socket.remotePort);
}

/** Our end of an accepted socket. */
export function localOf(socket: Socket): string {
  return addressText(socket.localAddress, socket.localPort);
}
