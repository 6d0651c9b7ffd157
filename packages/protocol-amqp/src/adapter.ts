import type {
  Connection,
  Identification,
  ProtocolAdapter,
  ProtocolHandler,
  ProtocolServices,
} from "@tsapollo/domain";
import { AmqpAddresses } from "./addresses.ts";
import { AmqpContainers } from "./containers.ts";
import { AmqpHandler } from "./handler.ts";
import { AmqpMessageCodec } from "./message-codec.ts";
import { type AmqpOptions, DEFAULT_AMQP_OPTIONS } from "./options.ts";
import { AMQP_HEADER } from "./protocol-header.ts";
import type { SaslMechanism } from "./sasl.ts";
import { Selectors } from "./selectors.ts";
import type { AmqpShared } from "./shared.ts";

const MARK_BYTES = 4;

/** AMQP 1.0 for connectors with the same options. */
export class AmqpAdapter implements ProtocolAdapter {
  readonly id = "amqp";
  readonly webSocketProtocols: readonly string[] = Object.freeze(["amqp"]);
  /** Reads messages that came from these connectors. */
  readonly codec: AmqpMessageCodec;
  readonly #shared: AmqpShared;

  /**
   * @param containers what the adapters of all connectors of a broker share
   * @param mechanisms SASL mechanisms besides PLAIN, ANONYMOUS and EXTERNAL
   */
  constructor(
    options: Partial<AmqpOptions> = {},
    containers: AmqpContainers = new AmqpContainers(),
    mechanisms: readonly SaslMechanism[] = [],
  ) {
    const complete = { ...DEFAULT_AMQP_OPTIONS, ...options };
    const addresses = new AmqpAddresses(complete);
    this.codec = new AmqpMessageCodec(addresses);
    this.#shared = {
      options: complete,
      addresses,
      codec: this.codec,
      selectors: new Selectors(),
      mechanisms,
      containers,
    };
  }

  /** `AMQP`, whatever version follows: the answer to a wrong one is the right one. [AMQP 2.2, messaging 13] */
  identify(bytes: Uint8Array): Identification {
    const size = Math.min(MARK_BYTES, bytes.length);
    for (let at = 0; at < size; at += 1) if (bytes[at] !== AMQP_HEADER[at]) return "no";
    return size === MARK_BYTES ? "yes" : "maybe";
  }

  createHandler(connection: Connection, services: ProtocolServices): ProtocolHandler {
    return new AmqpHandler(connection, services, this.#shared);
  }
}
