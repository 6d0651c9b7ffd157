import type { Socket } from "node:net";
import type { Addresses } from "./connection.ts";

/** `127.0.0.1:51234`; an IPv4 address in IPv6 clothes is written as what it is, IPv6 gets brackets. */
export function addressText(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return "unknown:0";
  const plain = address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
  return plain.includes(":") ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** Both ends of an accepted socket. */
export function addressesOf(socket: Socket): Addresses {
  return {
    remote: addressText(socket.remoteAddress, socket.remotePort),
    local: addressText(socket.localAddress, socket.localPort),
  };
}
