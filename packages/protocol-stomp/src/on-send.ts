import { BrokerError, NO_TOKEN } from "@tsapollo/domain";
import { HEADER, type StompFrame } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";

/**
 * SEND. A message that is persistent, or owes a receipt, is confirmed by the engine: DISCONNECT waits for both.
 * [messaging 15.5]
 */
export function onSend(client: AdmittedClient, frame: StompFrame, borrowed: boolean): void {
  const destination = frame.indexOf(HEADER.destination);
  if (destination === -1) throw new BrokerError("PROTOCOL_VIOLATION", "destination not set.");
  const target = client.destinations.find(frame, destination);
  const receiptIndex = frame.indexOf(HEADER.receipt);
  const receipt = receiptIndex === -1 ? undefined : frame.rawValue(receiptIndex);
  const replyTo = frame.indexOf(HEADER.replyTo);
  const { realLine } = target;
  const lines = replyTo === -1 ? realLine : client.destinations.withReplyLine(frame, replyTo, realLine);
  const message = client.composer.compose(frame, borrowed, client.clock.nowMs(), lines);
  const transaction = frame.indexOf(HEADER.transaction);
  if (transaction !== -1) {
    const open = client.transactions.named(frame.rawValue(transaction));
    for (const address of target.addresses) open.transaction.publish(address, message);
    if (receipt !== undefined) open.owe(receipt);
    return;
  }
  const token = receipt !== undefined || message.persistent ? client.expect(receipt) : NO_TOKEN;
  const { host } = client.admission;
  const { only } = target;
  const taken =
    only === undefined
      ? host.publishToAll(target.addresses, message, token) // [messaging 2.6]
      : host.publish(only, message, token);
  if (!taken) client.holdSends();
}
