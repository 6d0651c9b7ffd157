import { type Address, BrokerError, type SubscribeRequest } from "@tsapollo/domain";
import { HEADER, type StompFrame, unescapeHeader } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";
import { type AckMode, StompConsumer } from "./consumer.ts";
import { headerIsTrue } from "./header-numbers.ts";

/** SUBSCRIBE: every destination is bound when it returns, so the receipt may leave. [messaging 15.7] */
export function onSubscribe(client: AdmittedClient, frame: StompFrame): void {
  const destination = frame.indexOf(HEADER.destination);
  if (destination === -1) throw new BrokerError("PROTOCOL_VIOLATION", "destination not set.");
  const idIndex = frame.indexOf(HEADER.id);
  if (idIndex === -1 && client.version !== "1.0") {
    throw new BrokerError("PROTOCOL_VIOLATION", "The id header is missing from the SUBSCRIBE frame");
  }
  const id = frame.rawValue(idIndex === -1 ? destination : idIndex);
  if (client.consumers.has(id)) {
    const text = `A subscription with identified with '${shown(id)}' allready exists`;
    throw new BrokerError("PROTOCOL_VIOLATION", text);
  }
  if (client.consumers.size >= client.options.subscriptionsMax) {
    const text = `Too many subscriptions: a connection may have ${client.options.subscriptionsMax}`;
    throw new BrokerError("PROTOCOL_VIOLATION", text);
  }
  refuseUnsupported(frame);
  const address = client.destinations.find(frame, destination);
  const request = headerIsTrue(frame, frame.indexOf(HEADER.persistent))
    ? durableRequest(client, address, id)
    : { addresses: [address] };
  const consumer = new StompConsumer({ client, id, named: idIndex !== -1, ackMode: ackModeOf(frame) });
  client.consumers.set(id, consumer);
  consumer.joined(client.admission.host.subscribe(request, consumer));
}

/** The durable subscription of a subscription id. */
export function durableAddress(client: AdmittedClient, id: string): Address {
  return client.addresses.durable(unescapeHeader(shown(id)));
}

/** An id as text: it is kept with one character for each byte. */
export function shown(id: string): string {
  return Buffer.from(id, "latin1").toString("utf8");
}

function durableRequest(client: AdmittedClient, address: Address, id: string): SubscribeRequest {
  if (address.kind !== "topic") {
    const text = "A persistent subscription can only be used on a topic destination";
    throw new BrokerError("PROTOCOL_VIOLATION", text);
  }
  return { addresses: [address], durable: durableAddress(client, id) };
}

function ackModeOf(frame: StompFrame): AckMode {
  const index = frame.indexOf(HEADER.ack);
  const mode = index === -1 ? "auto" : frame.value(index);
  switch (mode) {
    case "auto":
    case "none":
      return "auto";
    case "client":
    case "client-individual":
      return mode;
    default:
      throw new BrokerError("PROTOCOL_VIOLATION", `Unsupported ack mode: ${mode}`);
  }
}

/** Headers that change what is delivered, with the values that ask for nothing. */
const UNSUPPORTED: readonly (readonly [name: string, harmless: readonly string[]])[] = [
  ["selector", [""]],
  ["browser", ["false"]],
  ["exclusive", ["false"]],
  ["from-seq", ["0"]],
  ["include-seq", []],
];

function refuseUnsupported(frame: StompFrame): void {
  for (const [name, harmless] of UNSUPPORTED) {
    const value = frame.header(name);
    if (value === undefined || harmless.includes(value)) continue;
    throw new BrokerError("UNSUPPORTED", `The ${name} header of SUBSCRIBE is not supported yet: '${value}'`);
  }
}
