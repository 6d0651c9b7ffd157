import { type Address, BrokerError } from "@tsapollo/domain";
import { patternCovers } from "../path-tree.ts";
import type { Guard } from "./guard.ts";
import type { Router } from "./router.ts";

/**
 * What a send to these addresses reaches. A pattern stands for the existing destinations that it matches and the
 * client may send to; what it may not is left out, as Apollo does. [messaging 2.6]
 * @param destinationsMax most destinations that all patterns together may stand for
 * @throws BrokerError DESTINATION_LIMIT
 */
export function destinationsOf(
  addresses: readonly Address[],
  router: Router,
  guard: Guard,
  destinationsMax: number,
): readonly Address[] {
  const found: Address[] = [];
  let matched = 0;
  for (const address of addresses) {
    if (!address.isPattern) {
      found.push(address);
      continue;
    }
    eachExisting(address, router, (existing) => {
      if (!guard.may("send", existing)) return;
      matched += 1;
      if (matched > destinationsMax) throw tooMany(address, destinationsMax);
      found.push(existing);
    });
  }
  return found;
}

function eachExisting(pattern: Address, router: Router, each: (existing: Address) => void): void {
  switch (pattern.kind) {
    case "queue":
      router.findQueues(pattern, (queue) => each(queue.address));
      break;
    case "topic":
      router.findTopics(pattern, (topic) => each(topic.address));
      break;
    case "dsub":
      for (const { queue } of router.dsubs.values()) {
        if (patternCovers(pattern.path, queue.address.path)) each(queue.address);
      }
  }
}

function tooMany({ kind, id }: Address, destinationsMax: number): BrokerError {
  const text = `More than ${destinationsMax} destinations match, '${kind}:${id}' among the patterns; a send may reach ${destinationsMax} by pattern`;
  return new BrokerError("DESTINATION_LIMIT", text);
}
