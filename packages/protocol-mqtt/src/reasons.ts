import { BrokerError, type ErrorCode } from "@tsapollo/domain";

/** Reason codes of MQTT 5.0, as far as the broker says or hears them. [MQTT5-2.4] */
export const REASON = {
  SUCCESS: 0x00,
  DISCONNECT_WITH_WILL: 0x04,
  NO_SUBSCRIPTION_EXISTED: 0x11,
  CONTINUE_AUTHENTICATION: 0x18,
  RE_AUTHENTICATE: 0x19,
  UNSPECIFIED: 0x80,
  MALFORMED_PACKET: 0x81,
  PROTOCOL_ERROR: 0x82,
  UNSUPPORTED_VERSION: 0x84,
  CLIENT_ID_NOT_VALID: 0x85,
  BAD_CREDENTIALS: 0x86,
  NOT_AUTHORIZED: 0x87,
  SERVER_UNAVAILABLE: 0x88,
  SERVER_SHUTTING_DOWN: 0x8b,
  BAD_AUTHENTICATION_METHOD: 0x8c,
  KEEP_ALIVE_TIMEOUT: 0x8d,
  SESSION_TAKEN_OVER: 0x8e,
  TOPIC_FILTER_INVALID: 0x8f,
  TOPIC_NAME_INVALID: 0x90,
  PACKET_ID_IN_USE: 0x91,
  PACKET_ID_NOT_FOUND: 0x92,
  RECEIVE_MAXIMUM_EXCEEDED: 0x93,
  TOPIC_ALIAS_INVALID: 0x94,
  PACKET_TOO_LARGE: 0x95,
  QUOTA_EXCEEDED: 0x97,
  ADMINISTRATIVE_ACTION: 0x98,
  RETAIN_NOT_SUPPORTED: 0x9a,
  QOS_NOT_SUPPORTED: 0x9b,
  USE_ANOTHER_SERVER: 0x9c,
  SERVER_MOVED: 0x9d,
  SHARED_NOT_SUPPORTED: 0x9e,
  SUBSCRIPTION_IDS_NOT_SUPPORTED: 0xa1,
  WILDCARDS_NOT_SUPPORTED: 0xa2,
} as const;

/** From here on a reason code says that something failed. [MQTT5-2.4] */
export const FIRST_FAILURE = 0x80;

/** A peer broke the protocol, and the reason code that says how. Peers before MQTT 5.0 are not told it. */
export class PacketError extends BrokerError {
  readonly reason: number;

  constructor(reason: number, text: string, code: ErrorCode = "PROTOCOL_VIOLATION") {
    super(code, text);
    this.reason = reason;
  }
}

/**
 * The error of a peer that broke the protocol; the connection closes. [MQTT-4.8.0-1] [MQTT5-4.13.1-1]
 * @param reason what MQTT 5.0 clients are told; "protocol error" unless another code is more exact
 */
export function violation(text: string, reason: number = REASON.PROTOCOL_ERROR): PacketError {
  return new PacketError(reason, text);
}

/** The error of a packet that cannot be read at all. [MQTT5-4.13.1-1] */
export function malformed(text: string): PacketError {
  return new PacketError(REASON.MALFORMED_PACKET, text);
}

const BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  ACCESS_DENIED: REASON.NOT_AUTHORIZED,
  AUTHENTICATION_FAILED: REASON.BAD_CREDENTIALS,
  BAD_ADDRESS: REASON.TOPIC_NAME_INVALID,
  DESTINATION_LIMIT: REASON.QUOTA_EXCEEDED,
  FRAME_TOO_LARGE: REASON.PACKET_TOO_LARGE,
  HOST_STOPPED: REASON.SERVER_UNAVAILABLE,
  HOST_UNKNOWN: REASON.SERVER_UNAVAILABLE,
  PROTOCOL_VIOLATION: REASON.PROTOCOL_ERROR,
  SLOW_CONSUMER: REASON.QUOTA_EXCEEDED,
  STORE_FAILED: REASON.QUOTA_EXCEEDED, // a full disk, mostly
};

/** The reason code that tells an MQTT 5.0 client of an error. */
export function reasonOf(error: BrokerError): number {
  if (error instanceof PacketError) return error.reason;
  return BY_CODE[error.code] ?? REASON.UNSPECIFIED;
}

type Answer = "CONNACK" | "PUBLISH" | "FILTER" | "DISCONNECT";

/** Failures that each kind of packet may name. [MQTT5-2.4] */
const FAILURES: Readonly<Record<Answer, ReadonlySet<number>>> = {
  CONNACK: new Set([
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a,
    0x9b, 0x9c, 0x9d, 0x9f,
  ]),
  PUBLISH: new Set([0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]),
  FILTER: new Set([0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]),
  DISCONNECT: new Set([
    0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
    0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ]),
};

/**
 * A failure's reason code as a kind of packet may say it: `PUBLISH` for PUBACK and PUBREC, `FILTER` for SUBACK and
 * UNSUBACK. [MQTT5-3.2.2-8] [MQTT5-3.4.2-1] [MQTT5-3.9.3-2] [MQTT5-3.14.2-1]
 */
export function failureFor(packet: Answer, error: BrokerError): number {
  const reason = reasonOf(error);
  if (FAILURES[packet].has(reason)) return reason;
  if (packet === "FILTER" && reason === REASON.TOPIC_NAME_INVALID) return REASON.TOPIC_FILTER_INVALID;
  if (packet === "DISCONNECT" && reason === REASON.BAD_CREDENTIALS) return REASON.NOT_AUTHORIZED;
  return REASON.UNSPECIFIED;
}
