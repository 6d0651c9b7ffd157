import { BrokerError } from "@tsapollo/domain";
import { PacketFields } from "./packet-fields.ts";
import { PROPERTY, PropertyCursor } from "./properties.ts";
import { malformed, PacketError, REASON, violation } from "./reasons.ts";
import { copyBytes, PACKET, textOf } from "./wire.ts";

/** What one step of an exchange came to: more is needed, or the client proved who it is. */
export type AuthenticationStep =
  | { readonly done: false; readonly data: Uint8Array }
  | {
      readonly done: true;
      /** Last words to the client, if any. */
      readonly data: Uint8Array | undefined;
      /** What the client is logged in with: who the exchange proved it to be. */
      readonly user: string;
      readonly password: string;
    };

/** One client proving who it is. */
export interface AuthenticationExchange {
  /** @throws BrokerError AUTHENTICATION_FAILED when what the client says does not prove it */
  step(data: Uint8Array): Promise<AuthenticationStep>;
}

/** A way of proving who one is by an exchange of messages. [MQTT5-4.12] */
export interface AuthenticationMechanism {
  /** As clients name it: `SCRAM-SHA-256`. */
  readonly method: string;
  begin(): AuthenticationExchange;
}

/** An AUTH packet as it was read. [MQTT5-3.15] */
export interface AuthPacket {
  readonly reason: number;
  readonly method: string | undefined;
  readonly data: Uint8Array;
}

const NO_DATA: Uint8Array = new Uint8Array(0);

/**
 * Reads an AUTH packet's variable header.
 * @throws PacketError
 */
export function readAuth(bytes: Uint8Array, bodyStart: number, end: number): AuthPacket {
  if (bodyStart === end) return { reason: REASON.SUCCESS, method: undefined, data: NO_DATA };
  const fields = new PacketFields(copyBytes(bytes, bodyStart, end), 0, "AUTH");
  const reason = fields.byte("reason code");
  if (reason !== REASON.CONTINUE_AUTHENTICATION && reason !== REASON.RE_AUTHENTICATE) {
    throw reason === REASON.SUCCESS
      ? violation("A client says that authentication succeeded.") // [MQTT5-3.15.2-1]
      : malformed(`An AUTH has reason code ${reason}.`);
  }
  let method: string | undefined;
  let data = NO_DATA;
  const limit = fields.atEnd ? fields.at : fields.propertiesEnd();
  const cursor = new PropertyCursor();
  cursor.begin(PACKET.AUTH);
  while (fields.at < limit) {
    fields.at = cursor.next(fields.bytes, fields.at, limit);
    if (cursor.id === PROPERTY.AUTHENTICATION_METHOD) {
      method = textOf(fields.bytes, cursor.start, cursor.end);
    } else if (cursor.id === PROPERTY.AUTHENTICATION_DATA) {
      data = copyBytes(fields.bytes, cursor.start, cursor.end);
    }
  }
  if (!fields.atEnd) throw malformed("An AUTH has bytes behind its properties.");
  if (method === undefined) throw violation("An AUTH names no method.");
  return { reason, method, data };
}

/** The authentication of one connection by exchange; the method stays as it was in CONNECT. [MQTT5-4.12.0-5] */
export class Authentication {
  readonly method: string;
  readonly #mechanism: AuthenticationMechanism;
  #exchange: AuthenticationExchange | undefined;
  /** Whose connection it is, once that is proved. */
  #user: string | undefined;

  constructor(mechanism: AuthenticationMechanism) {
    this.method = mechanism.method;
    this.#mechanism = mechanism;
  }

  /** Whether the next AUTH goes on with an exchange. */
  get underWay(): boolean {
    return this.#exchange !== undefined;
  }

  /** Begins an exchange. */
  begin(data: Uint8Array): Promise<AuthenticationStep> {
    this.#exchange = this.#mechanism.begin();
    return this.step(data);
  }

  /** @throws BrokerError AUTHENTICATION_FAILED, also when somebody proves to be somebody else than before */
  async step(data: Uint8Array): Promise<AuthenticationStep> {
    const step = await this.#exchange!.step(data);
    if (!step.done) return step;
    this.#exchange = undefined;
    if (this.#user !== undefined && this.#user !== step.user) {
      throw new BrokerError("AUTHENTICATION_FAILED", "Re-authentication as another user is not possible.");
    }
    this.#user = step.user;
    return step;
  }

  /**
   * Checks an AUTH that came. @throws PacketError when it does not fit
   */
  check({ method, reason }: AuthPacket): void {
    if (method !== this.method) {
      throw new PacketError(REASON.PROTOCOL_ERROR, `An AUTH changes the method to '${method}'.`);
    }
    const expected = this.underWay ? REASON.CONTINUE_AUTHENTICATION : REASON.RE_AUTHENTICATE;
    if (reason !== expected) throw violation(`An AUTH has reason code ${reason} instead of ${expected}.`);
  }
}
