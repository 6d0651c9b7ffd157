import { Address, parseId } from "@tsapollo/domain";
import type { Guard } from "./guard.ts";
import type { Router } from "./router.ts";
import { ownerOf } from "./temporary.ts";

/** Whether somebody may see what is published to a topic, by its id. Holds on to the rights, not to the client. */
export function receiveRight(
  guard: Guard,
  router: Router,
  brokerId: string,
  clientId: string,
): (topicId: string) => boolean {
  return (topicId) => {
    const address = router.topics.get(topicId)?.address ?? new Address("topic", parseId(topicId));
    const owner = ownerOf(address, brokerId);
    return (owner === undefined || owner === clientId) && guard.may("receive", address);
  };
}
