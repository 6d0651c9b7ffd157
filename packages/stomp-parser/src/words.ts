import { bytesEqual } from "./bytes.ts";

/** The commands there are, of clients and servers. */
export type StompCommand =
  | "SEND"
  | "ACK"
  | "NACK"
  | "MESSAGE"
  | "RECEIPT"
  | "BEGIN"
  | "COMMIT"
  | "ABORT"
  | "SUBSCRIBE"
  | "UNSUBSCRIBE"
  | "CONNECT"
  | "STOMP"
  | "DISCONNECT"
  | "CONNECTED"
  | "ERROR";

const COMMANDS: readonly StompCommand[] = [
  "SEND",
  "MESSAGE",
  "ACK",
  "NACK",
  "RECEIPT",
  "BEGIN",
  "COMMIT",
  "ABORT",
  "SUBSCRIBE",
  "UNSUBSCRIBE",
  "CONNECT",
  "STOMP",
  "DISCONNECT",
  "CONNECTED",
  "ERROR",
];

/**
 * Headers that are recognised while a frame is scanned, so that looking them up costs an array access. The
 * numbers are indices into the frame, not part of any protocol.
 */
export const HEADER = {
  destination: 1,
  contentLength: 2,
  contentType: 3,
  messageId: 4,
  receipt: 5,
  transaction: 6,
  persistent: 7,
  expires: 8,
  ttl: 9,
  priority: 10,
  messageGroup: 11,
  replyTo: 12,
  retain: 13,
  correlationId: 14,
  id: 15,
  subscription: 16,
  ack: 17,
  selector: 18,
  acceptVersion: 19,
  heartBeat: 20,
  host: 21,
  login: 22,
  passcode: 23,
  message: 24,
  receiptId: 25,
  version: 26,
  session: 27,
  server: 28,
} as const;

/** The number of a well-known header. */
export type KnownHeader = (typeof HEADER)[keyof typeof HEADER];

/** How many slots a table indexed by {@link KnownHeader} needs. */
export const KNOWN_HEADERS_MAX = 32;

/** The spelling of each well-known header. */
export const HEADER_NAMES: Readonly<Record<keyof typeof HEADER, string>> = {
  destination: "destination",
  contentLength: "content-length",
  contentType: "content-type",
  messageId: "message-id",
  receipt: "receipt",
  transaction: "transaction",
  persistent: "persistent",
  expires: "expires",
  ttl: "ttl",
  priority: "priority",
  messageGroup: "message_group",
  replyTo: "reply-to",
  retain: "retain",
  correlationId: "correlation-id",
  id: "id",
  subscription: "subscription",
  ack: "ack",
  selector: "selector",
  acceptVersion: "accept-version",
  heartBeat: "heart-beat",
  host: "host",
  login: "login",
  passcode: "passcode",
  message: "message",
  receiptId: "receipt-id",
  version: "version",
  session: "session",
  server: "server",
};

/** Words by length, then compared byte by byte: no string is made to recognise one. */
class WordTable<Value> {
  readonly #byLength: (readonly { readonly bytes: Uint8Array; readonly value: Value }[])[] = [];

  constructor(words: readonly (readonly [string, Value])[]) {
    for (const [word, value] of words) {
      const bytes = new TextEncoder().encode(word);
      this.#byLength[bytes.length] = [...(this.#byLength[bytes.length] ?? []), { bytes, value }];
    }
  }

  find(bytes: Uint8Array, start: number, end: number): Value | undefined {
    const candidates = this.#byLength[end - start];
    if (candidates === undefined) return undefined;
    const first = bytes[start];
    for (let at = 0; at < candidates.length; at += 1) {
      const candidate = candidates[at]!;
      if (candidate.bytes[0] === first && bytesEqual(bytes, start, end, candidate.bytes)) {
        return candidate.value;
      }
    }
    return undefined;
  }
}

const COMMAND_TABLE = new WordTable<StompCommand>(COMMANDS.map((word) => [word, word]));

const HEADER_TABLE = new WordTable<KnownHeader>(
  Object.entries(HEADER).map(([key, value]) => [HEADER_NAMES[key as keyof typeof HEADER], value]),
);

const HEADERS_BY_NAME: ReadonlyMap<string, KnownHeader> = new Map(
  Object.entries(HEADER).map(([key, value]) => [HEADER_NAMES[key as keyof typeof HEADER], value]),
);

/** The command that these bytes spell, if it is one. */
export function commandOf(bytes: Uint8Array, start: number, end: number): StompCommand | undefined {
  return COMMAND_TABLE.find(bytes, start, end);
}

/** The well-known header whose name these bytes spell, if it is one. */
export function knownHeaderOf(bytes: Uint8Array, start: number, end: number): KnownHeader | undefined {
  return HEADER_TABLE.find(bytes, start, end);
}

/** The well-known header with this name, if it is one. */
export function knownHeaderNamed(name: string): KnownHeader | undefined {
  return HEADERS_BY_NAME.get(name);
}
