import { BrokerError } from "@tsapollo/domain";
import { HEADER, type StompFrame } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";

/** BEGIN. [messaging 15.9] */
export function onBegin(client: AdmittedClient, frame: StompFrame): void {
  client.transactions.begin(transactionId(frame));
}

/** COMMIT: its receipt, and those of the sends in it, leave when it is durable. [messaging 10.3, 12] */
export function onCommit(client: AdmittedClient, frame: StompFrame): void {
  const taken = client.transactions.take(transactionId(frame));
  const tokens: number[] = [];
  for (const receipt of taken.receipts) tokens.push(client.expect(receipt));
  const index = frame.indexOf(HEADER.receipt);
  tokens.push(client.expect(index === -1 ? undefined : frame.rawValue(index)));
  taken.transaction.commit((error) => {
    if (error !== undefined) {
      client.fail(error);
      return;
    }
    taken.release(true);
    for (const token of tokens) client.confirm(token);
  });
}

/** ABORT: deliveries acknowledged in it are the client's again, nothing is redelivered. [messaging 12] */
export function onAbort(client: AdmittedClient, frame: StompFrame): void {
  const taken = client.transactions.take(transactionId(frame));
  taken.transaction.abort();
  taken.release(false);
}

function transactionId(frame: StompFrame): string {
  const index = frame.indexOf(HEADER.transaction);
  if (index === -1) throw new BrokerError("PROTOCOL_VIOLATION", "transaction header not set");
  return frame.rawValue(index);
}
