import { PRINCIPAL_KINDS } from "@tsapollo/domain";
import { AddressList } from "../address-list.ts";
import { hostOf } from "../ip-address.ts";
import { failure, type LoginModuleContext, type LoginModuleFactory } from "../login-module.ts";
import { watchOption } from "../module-options.ts";
import type { WatchedFile } from "../watched-file.ts";

/**
 * Lets in or keeps out by the client's IP address, and tells the address to those who come after. A missing white
 * list keeps everybody out, a missing black list nobody; one that is there but cannot be read keeps everybody
 * out, because nobody knows whom it names. [instance 13.6]
 */
export const ADDRESSES: LoginModuleFactory = {
  names: [
    "org.apache.activemq.apollo.broker.security.SocketAddressLoginModule",
    "SocketAddressLoginModule",
    "addresses",
    "address",
  ],
  options: ["white_list_file", "black_list_file"],
  create(context) {
    const white = listOption(context, "white_list_file");
    const black = listOption(context, "black_list_file");
    return {
      async login({ remoteAddress }) {
        const address = hostOf(remoteAddress);
        if (white !== undefined) {
          const list = await white.read();
          if (list.state !== "ready" || !list.value.has(address)) {
            return failure("address-refused", "Remote address is not whitelisted.");
          }
        }
        if (black !== undefined) {
          const list = await black.read();
          if (list.state === "unreadable") {
            return failure("module-unavailable", `The black list cannot be read: ${list.error.message}`);
          }
          if (list.state === "ready" && list.value.has(address)) {
            return failure("address-refused", "Remote address blacklisted.");
          }
        }
        return { outcome: "ignored", contribute: (subject) => subject.add(PRINCIPAL_KINDS.address, address) };
      },
    };
  },
};

function listOption(context: LoginModuleContext, option: string): WatchedFile<AddressList> | undefined {
  const path = context.options.get(option);
  if (path === undefined) return undefined;
  return watchOption(context, path, "address list", (text) => {
    const list = new AddressList(text);
    for (const { line, text: entry } of list.invalidLines) {
      context.logger.warn({ file: path, line, entry }, "not an IP address or address/prefix; line ignored");
    }
    return list;
  });
}
