import type { AmqpAddresses } from "./addresses.ts";
import type { AmqpContainers } from "./containers.ts";
import type { AmqpMessageCodec } from "./message-codec.ts";
import type { AmqpOptions } from "./options.ts";
import type { SaslMechanism } from "./sasl.ts";
import type { Selectors } from "./selectors.ts";

/** What all connections of one adapter share. */
export interface AmqpShared {
  readonly options: AmqpOptions;
  readonly addresses: AmqpAddresses;
  readonly codec: AmqpMessageCodec;
  readonly selectors: Selectors;
  /** Besides PLAIN, ANONYMOUS and EXTERNAL. */
  readonly mechanisms: readonly SaslMechanism[];
  /** Shared with the adapters of other connectors. */
  readonly containers: AmqpContainers;
}
