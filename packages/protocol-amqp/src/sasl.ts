import type { SaslInitTerms } from "./codec/performatives.ts";

/** Who a client says it is. */
export interface SaslIdentity {
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** EXTERNAL: the name the client wants to go by; it must be the certificate's user. */
  readonly mustBe: string | undefined;
}

/** sasl-outcome codes. [AMQP 5.3.3.6] */
export const SASL_OUTCOME = { ok: 0, auth: 1, sys: 2 } as const;

/** What a step of an exchange comes to: more is needed, or the client has proved who it is. */
export type SaslStep =
  | { readonly done: false; readonly data: Uint8Array }
  | {
      readonly done: true;
      /** Last words to the client, if any. */
      readonly data: Uint8Array | undefined;
      /** What the client is logged in with. */
      readonly user: string;
      readonly password: string;
    };

/** One exchange of a mechanism that takes several messages. */
export interface SaslExchange {
  /** @throws BrokerError AUTHENTICATION_FAILED */
  step(data: Uint8Array): Promise<SaslStep>;
}

/** A mechanism that takes several messages, SCRAM-SHA-256 for example. */
export interface SaslMechanism {
  readonly method: string;
  begin(): SaslExchange;
}

/** Mechanisms that are offered; EXTERNAL only to who has shown a certificate. [AMQP 5.3.3.1] */
export function mechanismsFor(
  certificateNames: readonly string[],
  more: readonly SaslMechanism[] = [],
): readonly string[] {
  const offered = [...more.map(({ method }) => method), "PLAIN", "ANONYMOUS"];
  return certificateNames.length > 0 ? ["EXTERNAL", ...offered] : offered;
}

/**
 * Who a client says it is; undefined when the mechanism is not offered or its response is none of its kind.
 * [RFC 4616, RFC 4505, RFC 4422 A]
 */
export function readSaslInit(
  init: SaslInitTerms,
  certificateNames: readonly string[],
): SaslIdentity | undefined {
  const { mechanism, response } = init;
  if (!mechanismsFor(certificateNames).includes(mechanism)) return undefined;
  switch (mechanism) {
    case "PLAIN":
      return readPlain(response);
    case "EXTERNAL":
      return {
        user: undefined,
        password: undefined,
        mustBe: response.length === 0 ? undefined : response.toString(),
      };
    default:
      return { user: undefined, password: undefined, mustBe: undefined }; // the trace of ANONYMOUS says nothing
  }
}

/** authorization id, NUL, user, NUL, password; nobody may act for somebody else. */
function readPlain(response: Buffer): SaslIdentity | undefined {
  const first = response.indexOf(0);
  const second = first === -1 ? -1 : response.indexOf(0, first + 1);
  if (second === -1) return undefined;
  const actsFor = response.toString("utf8", 0, first);
  const user = response.toString("utf8", first + 1, second);
  const password = response.toString("utf8", second + 1);
  if (user === "" || (actsFor !== "" && actsFor !== user)) return undefined;
  return { user, password, mustBe: undefined };
}
