import { type Address, BrokerError, type SubscribeRequest } from "@tsapollo/domain";
import { HEADER, type StompFrame, unescapeHeader } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";
import { StompConsumer } from "./consumer.ts";
import { parseCredit } from "./credit-windows.ts";
import { headerIsTrue } from "./header-numbers.ts";
import { readAckMode, readSequenceHeader, readWishes, type SubscribeWishes } from "./subscribe-headers.ts";

/** SUBSCRIBE: every destination is bound when it returns, so the receipt may leave. [messaging 15.7] */
export function onSubscribe(client: AdmittedClient, frame: StompFrame): void {
  const destination = frame.indexOf(HEADER.destination);
  if (destination === -1) throw new BrokerError("PROTOCOL_VIOLATION", "destination not set.");
  const idIndex = frame.indexOf(HEADER.id);
  if (idIndex === -1 && client.version !== "1.0") {
    throw new BrokerError("PROTOCOL_VIOLATION", "The id header is missing from the SUBSCRIBE frame");
  }
  const id = frame.rawValue(idIndex === -1 ? destination : idIndex);
  const lengthBytes = frame.bodyStart - frame.headersStart;
  checkId(client, id);
  checkLength(client, lengthBytes);
  const { addresses } = client.destinations.find(frame, destination);
  const wishes = readWishes(frame, addresses, client.selectors);
  const requests = headerIsTrue(frame, frame.indexOf(HEADER.persistent))
    ? durableRequests(addresses, durableAddress(client, id), wishes)
    : directRequests(addresses, wishes);
  const consumer = new StompConsumer({
    client,
    id,
    named: idIndex !== -1,
    ackMode: readAckMode(frame),
    credit: parseCredit(frame.header("credit"), client.options.bufferSizeBytes),
    browses: wishes.browse !== undefined,
    sequenceHeader: readSequenceHeader(frame),
    lengthBytes,
  });
  client.consumers.set(id, consumer);
  client.subscriptionsLength += lengthBytes;
  for (const request of requests) {
    consumer.joined(request, client.admission.host.subscribe(request, consumer));
  }
}

/** Topics apart, so that UNSUBSCRIBE can leave them while a transaction holds what came from a queue. */
function directRequests(addresses: readonly Address[], wishes: SubscribeWishes): SubscribeRequest[] {
  const topics = addresses.filter(({ kind }) => kind === "topic");
  if (topics.length === 0 || topics.length === addresses.length) return [{ addresses, ...wishes }];
  const others = addresses.filter(({ kind }) => kind !== "topic");
  return [
    { addresses: topics, ...wishes },
    { addresses: others, ...wishes },
  ];
}

function checkId(client: AdmittedClient, id: string): void {
  if (client.consumers.has(id)) {
    const text = `A subscription with identified with '${shown(id)}' allready exists`;
    throw new BrokerError("PROTOCOL_VIOLATION", text);
  }
  if (client.consumers.size >= client.options.subscriptionsMax) {
    const text = `Too many subscriptions: a connection may have ${client.options.subscriptionsMax}`;
    throw new BrokerError("PROTOCOL_VIOLATION", text);
  }
}

function checkLength(client: AdmittedClient, lengthBytes: number): void {
  const { subscriptionsLengthMax } = client.options;
  if (client.subscriptionsLength + lengthBytes <= subscriptionsLengthMax) return;
  const text = `Too many subscriptions: the SUBSCRIBE headers of a connection may have ${subscriptionsLengthMax} bytes together`;
  throw new BrokerError("PROTOCOL_VIOLATION", text);
}

/** The durable subscription of a subscription id. */
export function durableAddress(client: AdmittedClient, id: string): Address {
  return client.addresses.durable(unescapeHeader(shown(id)));
}

/** An id as text: it is kept with one character for each byte. */
export function shown(id: string): string {
  return Buffer.from(id, "latin1").toString("utf8");
}

/**
 * A durable subscription collects from the topics; what other durable subscriptions named with them have is
 * consumed too. [messaging 7]
 */
function durableRequests(
  addresses: readonly Address[],
  durable: Address,
  wishes: SubscribeWishes,
): SubscribeRequest[] {
  const topics: Address[] = [];
  const others: Address[] = [];
  for (const address of addresses) {
    if (address.kind === "topic") topics.push(address);
    else if (address.kind === "queue") throw notOnTopic();
    else if (address.key !== durable.key) others.push(address);
  }
  if (topics.length === 0) throw notOnTopic(); // it would take its topics from it
  const requests: SubscribeRequest[] = [{ addresses: topics, durable, ...wishes }];
  if (others.length > 0) requests.push({ addresses: others, ...wishes });
  return requests;
}

function notOnTopic(): BrokerError {
  const text = "A persistent subscription can only be used on a topic destination";
  return new BrokerError("PROTOCOL_VIOLATION", text);
}
