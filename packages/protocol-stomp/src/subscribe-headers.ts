import { type Address, BrokerError, type MessageFilter, type SubscribeRequest } from "@tsapollo/domain";
import { HEADER, type StompFrame } from "@tsapollo/stomp-parser";
import type { AckMode } from "./consumer.ts";
import { headerInteger, headerIsTrue } from "./header-numbers.ts";
import type { Selectors } from "./selectors.ts";

/** What SUBSCRIBE says besides its destinations: the engine's part of it. */
export type SubscribeWishes = Pick<SubscribeRequest, "filter" | "exclusive" | "browse" | "fromSequence">;

/**
 * Reads `selector`, `exclusive`, `browser`, `browser-end` and `from-seq`. [messaging 15.7]
 * @throws BrokerError BAD_SELECTOR, PROTOCOL_VIOLATION
 */
export function readWishes(
  frame: StompFrame,
  addresses: readonly Address[],
  selectors: Selectors,
): SubscribeWishes {
  const filter = readFilter(frame, selectors);
  const browse = readBrowse(frame);
  const exclusive = browse === undefined && isTrue(frame, "exclusive"); // [messaging 5.4]
  const fromSequence = readFromSequence(frame, addresses);
  return {
    ...(filter !== undefined && { filter }),
    ...(browse !== undefined && { browse }),
    ...(exclusive && { exclusive }),
    ...(fromSequence !== undefined && { fromSequence }),
  };
}

function isTrue(frame: StompFrame, name: string): boolean {
  return headerIsTrue(frame, frame.indexOfName(name));
}

function readFilter(frame: StompFrame, selectors: Selectors): MessageFilter | undefined {
  const text = frame.header("selector");
  return text === undefined || text === "" ? undefined : selectors.filter(text);
}

function readBrowse(frame: StompFrame): SubscribeWishes["browse"] {
  if (!isTrue(frame, "browser")) return undefined;
  const ends = frame.indexOfName("browser-end") === -1 || isTrue(frame, "browser-end");
  return ends ? "once" : "forever";
}

function readFromSequence(frame: StompFrame, addresses: readonly Address[]): number | undefined {
  const index = frame.indexOfName("from-seq");
  if (index === -1) return undefined;
  if (addresses.length > 1 || addresses[0]!.isPattern) {
    const text = "The from-seq header is only supported when you subscribe to one destination";
    throw new BrokerError("PROTOCOL_VIOLATION", text);
  }
  const sequence = headerInteger(frame, index, "from-seq", 0);
  return sequence > 0 || sequence === -1 ? sequence : undefined;
}

/**
 * Reads `ack`. [messaging 15.7]
 * @throws BrokerError PROTOCOL_VIOLATION `Unsupported ack mode: <text>`
 */
export function readAckMode(frame: StompFrame): AckMode {
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

/** Reads `include-seq`: a header's name, one character for each byte, escaped as the client did. */
export function readSequenceHeader(frame: StompFrame): string | undefined {
  const index = frame.indexOfName("include-seq");
  const name = index === -1 ? "" : frame.rawValue(index);
  return name === "" ? undefined : name; // [STOMP-1.2] a header has a name
}
