import { BrokerError, type ErrorCode } from "@tsapollo/domain";

/** What an error ends: [AMQP 2.4, 2.5, 2.6] a connection, a session or a link. */
export type ErrorScope = "connection" | "session" | "link";

/** A failure that the peer learns of by a standard condition. [AMQP 2.8.15–2.8.18, 4.5.8] */
export class AmqpError extends Error {
  readonly scope: ErrorScope;
  /** The symbol of the condition, `amqp:decode-error` for example. */
  readonly condition: string;
  /** Additional symbols and texts for programs. */
  readonly info: Readonly<Record<string, string>> | undefined;

  constructor(
    scope: ErrorScope,
    condition: string,
    description: string,
    info?: Readonly<Record<string, string>>,
  ) {
    super(description);
    this.name = "AmqpError";
    this.scope = scope;
    this.condition = condition;
    this.info = info;
  }
}

/** What arrived is no AMQP, or a field is not what it must be. */
export function decodeError(text: string): AmqpError {
  return new AmqpError("connection", "amqp:decode-error", text);
}

/** What arrived is no frame. */
export function framingError(text: string): AmqpError {
  return new AmqpError("connection", "amqp:connection:framing-error", text);
}

const CONDITIONS: Readonly<Partial<Record<ErrorCode, string>>> = Object.freeze({
  ACCESS_DENIED: "amqp:unauthorized-access",
  ALREADY_EXISTS: "amqp:resource-locked",
  AUTHENTICATION_FAILED: "amqp:unauthorized-access",
  BAD_ADDRESS: "amqp:not-found", // JMS clients take this one for an invalid destination
  BAD_SELECTOR: "amqp:invalid-field",
  DESTINATION_IN_USE: "amqp:resource-locked",
  DESTINATION_LIMIT: "amqp:resource-limit-exceeded",
  DESTINATION_MISSING: "amqp:not-found",
  FRAME_TOO_LARGE: "amqp:link:message-size-exceeded",
  HOST_UNKNOWN: "amqp:not-found",
  HOST_STOPPED: "amqp:connection:forced",
  PROTOCOL_VIOLATION: "amqp:not-allowed",
  SLOW_CONSUMER: "amqp:resource-limit-exceeded",
  TRANSACTION_LIMIT: "amqp:resource-limit-exceeded",
  UNSUPPORTED: "amqp:not-implemented",
});

/** Any failure as an error of a scope; what is a bug of ours says so and no more. */
export function asAmqpError(scope: ErrorScope, error: unknown): AmqpError {
  if (error instanceof AmqpError) return error;
  if (error instanceof BrokerError) {
    return new AmqpError(scope, CONDITIONS[error.code] ?? "amqp:internal-error", error.message);
  }
  const text = error instanceof Error ? error.message : String(error);
  return new AmqpError(scope, "amqp:internal-error", `Internal Server Error: ${text}`);
}
