import { BrokerError } from "@tsapollo/domain";
import type { SaslInitTerms } from "./codec/performatives.ts";
import {
  mechanismsFor,
  readSaslInit,
  type SaslExchange,
  type SaslIdentity,
  type SaslMechanism,
  type SaslStep,
} from "./sasl.ts";

/** What a negotiation needs of the connection around it. */
export interface NegotiationParts {
  /** Besides PLAIN, ANONYMOUS and EXTERNAL. */
  readonly mechanisms: readonly SaslMechanism[];
  readonly certificateNames: readonly string[];
  /** Nothing is to be read for now. */
  readonly hold: () => void;
  /** Sends a challenge; the answer is to be read. */
  readonly challenge: (data: Uint8Array) => void;
  /** The client has said who it is, and is to be let in or not. */
  readonly identified: (identity: SaslIdentity) => void;
  readonly failed: (error: unknown) => void;
  /** A mistake of ours. */
  readonly broken: (error: unknown) => void;
  readonly isOver: () => boolean;
}

/** Finds out who a client says it is: at once, or by an exchange of messages. [AMQP 5.3] */
export class SaslNegotiation {
  /** The virtual host that the client named; undefined: the default one. */
  hostName: string | undefined = undefined;
  /** What a mechanism says to the client with the outcome. */
  lastWords: Uint8Array | undefined = undefined;
  readonly #parts: NegotiationParts;
  #exchange: SaslExchange | undefined = undefined;

  constructor(parts: NegotiationParts) {
    this.#parts = parts;
  }

  /** What is offered. */
  get mechanisms(): readonly string[] {
    return mechanismsFor(this.#parts.certificateNames, this.#parts.mechanisms);
  }

  init(terms: SaslInitTerms): void {
    const { mechanisms, certificateNames, identified, failed } = this.#parts;
    this.hostName = hostOf(terms.hostname);
    const mechanism = mechanisms.find(({ method }) => method === terms.mechanism);
    if (mechanism !== undefined) {
      this.#exchange = mechanism.begin();
      this.#step(this.#exchange, terms.response);
      return;
    }
    const identity = readSaslInit(terms, certificateNames);
    if (identity !== undefined) identified(identity);
    else failed(new BrokerError("AUTHENTICATION_FAILED", `SASL ${terms.mechanism} was refused`));
  }

  /** The client answers a challenge. */
  response(data: Uint8Array): void {
    const exchange = this.#exchange;
    if (exchange !== undefined) this.#step(exchange, data);
    else
      this.#parts.failed(
        new BrokerError("AUTHENTICATION_FAILED", "A SASL response came without a challenge"),
      );
  }

  #step(exchange: SaslExchange, data: Uint8Array): void {
    const { hold, failed, broken } = this.#parts;
    hold();
    exchange
      .step(data)
      .then((step) => this.#stepped(step), failed)
      .catch(broken);
  }

  #stepped(step: SaslStep): void {
    const { isOver, challenge, identified } = this.#parts;
    if (isOver()) return;
    if (!step.done) return challenge(step.data);
    this.lastWords = step.data;
    identified({ user: step.user, password: step.password, mustBe: undefined });
  }
}

/** An empty name means the default host. [messaging 13] */
export function hostOf(name: string | undefined): string | undefined {
  return name === "" ? undefined : name;
}
