import { type Address, BrokerError, type Message, NO_TOKEN } from "@tsapollo/domain";
import { HEADER, type StompFrame } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";
import type { Target } from "./destinations.ts";

/**
 * SEND. A message that is persistent, or owes a receipt, is confirmed by the engine: DISCONNECT waits for both.
 * [messaging 15.5]
 */
export function onSend(client: AdmittedClient, frame: StompFrame, borrowed: boolean): void {
  const destination = frame.indexOf(HEADER.destination);
  if (destination === -1) throw new BrokerError("PROTOCOL_VIOLATION", "destination not set.");
  const target = client.destinations.find(frame, destination);
  if (target.pattern !== undefined && client.options.wildcardSendMax === 0) throw noPattern(target.pattern);
  const receiptIndex = frame.indexOf(HEADER.receipt);
  const receipt = receiptIndex === -1 ? undefined : frame.rawValue(receiptIndex);
  const replyTo = frame.indexOf(HEADER.replyTo);
  const { realLine } = target;
  const lines = replyTo === -1 ? realLine : client.destinations.withReplyLine(frame, replyTo, realLine);
  const message = client.composer.compose(frame, borrowed, client.clock.nowMs(), lines);
  const transaction = frame.indexOf(HEADER.transaction);
  if (transaction !== -1) {
    const open = client.transactions.named(frame.rawValue(transaction));
    if (receipt !== undefined) open.owe(receipt);
    open.publish(target, message, client.options.wildcardSendMax);
    return;
  }
  const token = receipt !== undefined || message.persistent ? client.expect(receipt) : NO_TOKEN;
  if (!publish(client, target, message, token)) client.holdSends();
}

/** Several addresses and patterns are confirmed once. [messaging 2.6] */
function publish(client: AdmittedClient, target: Target, message: Message, token: number): boolean {
  const { host } = client.admission;
  const { only, addresses } = target;
  if (target.pattern !== undefined) {
    return host.publishToMatching(addresses, message, token, client.options.wildcardSendMax);
  }
  return only === undefined
    ? host.publishToAll(addresses, message, token)
    : host.publish(only, message, token);
}

function noPattern({ id }: Address): BrokerError {
  const text = `Cannot send to the pattern '${id}': wildcards are for SUBSCRIBE unless the connector's wildcard_send_max says otherwise`;
  return new BrokerError("BAD_ADDRESS", text);
}
