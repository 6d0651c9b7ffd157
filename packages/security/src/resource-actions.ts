import type { Action, ResourceKind } from "@tsapollo/domain";

const EVERYWHERE: readonly Action[] = ["admin", "monitor", "config"];
const DESTINATION: readonly Action[] = [...EVERYWHERE, "create", "destroy", "send", "receive"];

/** The actions that exist on each kind of resource. [instance 14.1] */
export const ACTIONS_OF: ReadonlyMap<ResourceKind, ReadonlySet<Action>> = new Map([
  ["broker", new Set(EVERYWHERE)],
  ["virtual-host", new Set([...EVERYWHERE, "connect"])],
  ["connector", new Set([...EVERYWHERE, "connect"])],
  ["topic", new Set(DESTINATION)],
  ["queue", new Set([...DESTINATION, "consume"])],
  ["dsub", new Set([...DESTINATION, "consume"])],
] satisfies readonly [ResourceKind, ReadonlySet<Action>][]);

/** All actions. */
export const ACTIONS: readonly Action[] = [...DESTINATION, "connect", "consume"];

/** Kinds that only the broker's own rules protect. [instance 14.2] */
export const BROKER_LEVEL_KINDS: readonly ResourceKind[] = ["broker", "connector"];

/** A kind as somebody wrote it; `virtual_host`, as old manuals have it, is `virtual-host`. [instance 20 #6] */
export function resourceKind(text: string): ResourceKind | undefined {
  const kind = text.toLowerCase().replace("virtual_host", "virtual-host") as ResourceKind;
  return ACTIONS_OF.has(kind) ? kind : undefined;
}
