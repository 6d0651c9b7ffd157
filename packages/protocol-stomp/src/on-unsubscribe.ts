import { BrokerError } from "@tsapollo/domain";
import { HEADER, type StompFrame } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";
import { headerIsTrue } from "./header-numbers.ts";
import { durableAddress, shown } from "./on-subscribe.ts";

/** UNSUBSCRIBE; with `persistent:true` the durable subscription goes too, attached or not. [messaging 15.8] */
export function onUnsubscribe(client: AdmittedClient, frame: StompFrame): void {
  let index = frame.indexOf(HEADER.id);
  if (index === -1 && client.version === "1.0") index = frame.indexOf(HEADER.destination);
  if (index === -1) {
    throw new BrokerError("PROTOCOL_VIOLATION", "The id header is missing from the UNSUBSCRIBE frame");
  }
  const id = frame.rawValue(index);
  const consumer = client.consumers.get(id);
  const destroys = headerIsTrue(frame, frame.indexOf(HEADER.persistent));
  if (consumer === undefined && !destroys) {
    throw new BrokerError("PROTOCOL_VIOLATION", `The subscription '${shown(id)}' not found.`);
  }
  client.consumers.delete(id);
  if (consumer !== undefined) client.subscriptionsLength -= consumer.lengthBytes;
  consumer?.leave();
  if (destroys) client.admission.host.destroy(durableAddress(client, id));
}
