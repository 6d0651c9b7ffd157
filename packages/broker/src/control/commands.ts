import { BrokerError } from "@tsapollo/domain";
import type { Broker } from "../broker.ts";
import type { ControlArguments, ControlCommand } from "./control-server.ts";

/** What a running broker does when its own machine's user asks. */
export function controlCommands(broker: Broker): ReadonlyMap<string, ControlCommand> {
  return new Map<string, ControlCommand>([
    [
      "store-backup",
      async (given) => broker.backupStore(text(given, "folder"), optionalText(given, "virtualHost")),
    ],
  ]);
}

function text(given: ControlArguments, name: string): string {
  const value = optionalText(given, name);
  if (value === undefined) throw new BrokerError("PROTOCOL_VIOLATION", `The command needs '${name}', a text`);
  return value;
}

function optionalText(given: ControlArguments, name: string): string | undefined {
  const value = given[name];
  return typeof value === "string" ? value : undefined;
}
