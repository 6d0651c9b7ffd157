import { BrokerError, NO_TOKEN } from "@tsapollo/domain";
import { HEADER, type StompFrame } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";
import { NO_LINE } from "./destinations.ts";

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
  const replyLine = replyTo === -1 ? NO_LINE : client.destinations.replyLine(frame, replyTo);
  const nowMs = client.clock.nowMs();
  const message = client.composer.compose(frame, borrowed, nowMs, replyLine, target.realLine);
  const transaction = frame.indexOf(HEADER.transaction);
  if (transaction !== -1) {
    const open = client.transactions.named(frame.rawValue(transaction));
    for (const address of target.addresses) open.transaction.publish(address, message);
    if (receipt !== undefined) open.receipts.push(receipt);
    return;
  }
  const token = receipt !== undefined || message.persistent ? client.expect(receipt) : NO_TOKEN;
  const { host } = client.admission;
  const taken =
    target.addresses.length === 1
      ? host.publish(target.first, message, token)
      : host.publishToAll(target.addresses, message, token); // [messaging 2.6]
  if (!taken) client.holdSends();
}
