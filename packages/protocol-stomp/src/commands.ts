import { BrokerError } from "@tsapollo/domain";
import { HEADER, type StompFrame } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";
import { onAck } from "./on-ack.ts";
import { onSend } from "./on-send.ts";
import { onSubscribe } from "./on-subscribe.ts";
import { onAbort, onBegin, onCommit } from "./on-transaction.ts";
import { onUnsubscribe } from "./on-unsubscribe.ts";

/**
 * Does what a frame of an admitted client says. SEND and COMMIT send their receipts themselves, when the engine
 * answers for them; others are done when this returns, and confirmed when that is durable. DISCONNECT is the handler's.
 * @throws BrokerError what the ERROR frame will say
 */
export function onCommand(client: AdmittedClient, frame: StompFrame, borrowed: boolean): void {
  const { command } = frame;
  switch (command) {
    case "SEND":
      onSend(client, frame, borrowed);
      return;
    case "COMMIT":
      onCommit(client, frame);
      return;
    case "ACK":
      onAck(client, frame, "consumed");
      break;
    case "NACK":
      onAck(client, frame, "poisoned");
      break;
    case "SUBSCRIBE":
      onSubscribe(client, frame);
      break;
    case "UNSUBSCRIBE":
      onUnsubscribe(client, frame);
      break;
    case "BEGIN":
      onBegin(client, frame);
      break;
    case "ABORT":
      onAbort(client, frame);
      break;
    case "DISCONNECT":
    case "CONNECT":
    case "STOMP":
    case "CONNECTED":
    case "MESSAGE":
    case "RECEIPT":
    case "ERROR":
    case undefined:
      throw new BrokerError("PROTOCOL_VIOLATION", `Invalid STOMP frame command: ${frame.commandText()}`);
    default:
      command satisfies never; // a new command does not compile until it is handled
  }
  const receipt = frame.indexOf(HEADER.receipt);
  if (receipt !== -1) answerWhenDurable(client, frame.rawValue(receipt));
}

/** An acknowledgement or a durable subscription that was confirmed survives a crash. [architecture 6] */
function answerWhenDurable(client: AdmittedClient, receiptId: string): void {
  const token = client.expect(receiptId);
  client.admission.host.whenDurable((error) => {
    if (error === undefined) client.confirm(token);
    else client.fail(error);
  });
}
