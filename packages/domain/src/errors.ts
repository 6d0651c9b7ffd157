/**
 * Every error a peer or an operator can meet has a code from this registry. The code is API, the text is not;
 * `docs/reference/errors.md` explains each code and a test keeps the two complete.
 */
export const ERRORS: Readonly<Record<ErrorCode, { readonly summary: string }>> = Object.freeze({
  ACCESS_DENIED: { summary: "access denied" },
  ALREADY_EXISTS: { summary: "it exists already" },
  AUTHENTICATION_FAILED: { summary: "authentication failed" },
  BAD_ADDRESS: { summary: "not a destination name" },
  BAD_CONFIGURATION: { summary: "the configuration is wrong" },
  BAD_SELECTOR: { summary: "not a selector" },
  CANNOT_LISTEN: { summary: "cannot listen" },
  DESTINATION_IN_USE: { summary: "the destination is in use" },
  DESTINATION_LIMIT: { summary: "too many destinations" },
  DESTINATION_MISSING: { summary: "the destination does not exist" },
  FRAME_TOO_LARGE: { summary: "a frame exceeds the configured limit" },
  HOST_UNKNOWN: { summary: "no such virtual host" },
  HOST_STOPPED: { summary: "the virtual host is stopped" },
  INTERNAL: { summary: "the broker made a mistake" },
  KEYSTORE_UNREADABLE: { summary: "the key store cannot be read" },
  PROTOCOL_VIOLATION: { summary: "the peer broke the protocol" },
  SLOW_CONSUMER: { summary: "the consumer made no progress" },
  STORE_FAILED: { summary: "the store failed" },
  TRANSACTION_LIMIT: { summary: "the transaction is too large" },
  UNSUPPORTED: { summary: "not supported" },
});

/** A stable name for one kind of failure; see {@link ERRORS}. */
export type ErrorCode =
  | "ACCESS_DENIED"
  | "ALREADY_EXISTS"
  | "AUTHENTICATION_FAILED"
  | "BAD_ADDRESS"
  | "BAD_CONFIGURATION"
  | "BAD_SELECTOR"
  | "CANNOT_LISTEN"
  | "DESTINATION_IN_USE"
  | "DESTINATION_LIMIT"
  | "DESTINATION_MISSING"
  | "FRAME_TOO_LARGE"
  | "HOST_UNKNOWN"
  | "HOST_STOPPED"
  | "INTERNAL"
  | "KEYSTORE_UNREADABLE"
  | "PROTOCOL_VIOLATION"
  | "SLOW_CONSUMER"
  | "STORE_FAILED"
  | "TRANSACTION_LIMIT"
  | "UNSUPPORTED";

/** A failure that somebody outside the code caused and is told about: a peer, an operator, the machine. */
export class BrokerError extends Error {
  /** What kind of failure it is. */
  readonly code: ErrorCode;
  /**
   * @param code what kind of failure it is
   * @param text the whole sentence the peer or the operator reads; the registry's summary when absent
   */
  constructor(code: ErrorCode, text?: string, options?: ErrorOptions) {
    super(text ?? ERRORS[code].summary, options);
    this.name = "BrokerError";
    this.code = code;
  }
}

/** A claim about our own code did not hold: a bug, never a peer's fault. */
export class InvariantError extends Error {
  override readonly name: string = "InvariantError";
}

/**
 * States something that our own code guarantees: `invariant(!entry.settled, "a delivery settles once")`.
 * @throws InvariantError when the claim is false
 */
export function invariant(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new InvariantError(claim);
}
