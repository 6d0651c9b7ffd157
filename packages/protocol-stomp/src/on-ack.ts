import { BrokerError, type Outcome } from "@tsapollo/domain";
import { HEADER, type StompFrame } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";
import type { StompConsumer } from "./consumer.ts";
import { shown } from "./on-subscribe.ts";
import type { Entry } from "./outstanding.ts";

/** ACK (`consumed`) and NACK (`poisoned`), in the way of each version. [messaging 15.8] */
export function onAck(client: AdmittedClient, frame: StompFrame, outcome: Outcome): void {
  const entry = client.version === "1.2" ? entryByAckId(client, frame) : entryByMessageId(client, frame);
  const transaction = frame.indexOf(HEADER.transaction);
  const open = transaction === -1 ? undefined : client.transactions.named(frame.rawValue(transaction));
  entry.consumer.acknowledge(entry, outcome, open);
}

function entryByAckId(client: AdmittedClient, frame: StompFrame): Entry {
  const index = frame.indexOf(HEADER.id);
  if (index === -1) throw new BrokerError("PROTOCOL_VIOLATION", "id header not set");
  const id = frame.rawValue(index);
  const entry = client.ackIds.find(id);
  if (entry === undefined) {
    throw new BrokerError("PROTOCOL_VIOLATION", `Not expecting an ACK/NACK for id '${shown(id)}'`);
  }
  return entry;
}

function entryByMessageId(client: AdmittedClient, frame: StompFrame): Entry {
  const index = frame.indexOf(HEADER.messageId);
  if (index === -1) throw new BrokerError("PROTOCOL_VIOLATION", "message id header not set");
  const messageId = frame.value(index);
  const subscription = frame.indexOf(HEADER.subscription);
  if (subscription === -1) {
    if (client.version !== "1.0") {
      throw new BrokerError("PROTOCOL_VIOLATION", "The subscription header is required");
    }
    return entryOfAny(client, messageId);
  }
  return entryOf(client, frame.rawValue(subscription), messageId);
}

/** [STOMP-1.0 ACK] need not say which subscription it means. */
function entryOfAny(client: AdmittedClient, messageId: string): Entry {
  const entry = client.holders?.first(messageId)?.withMessageId(messageId);
  if (entry !== undefined) return entry;
  throw new BrokerError("PROTOCOL_VIOLATION", `Not expecting an ACK/NACK for message id '${messageId}'`);
}

function entryOf(client: AdmittedClient, subscription: string, messageId: string): Entry {
  const consumer: StompConsumer | undefined = client.consumers.get(subscription);
  if (consumer === undefined) {
    throw new BrokerError("PROTOCOL_VIOLATION", `The subscription '${shown(subscription)}' does not exist`);
  }
  if (consumer.ackMode === "auto") {
    const text = "The subscription ack mode does not expect ACK or NACK frames";
    throw new BrokerError("PROTOCOL_VIOLATION", text);
  }
  const entry = consumer.withMessageId(messageId);
  if (entry === undefined) {
    throw new BrokerError("PROTOCOL_VIOLATION", `ACK failed, invalid message id: ${messageId}`); // [quirk 9 mended]
  }
  return entry;
}
