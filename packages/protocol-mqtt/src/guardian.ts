import type { BrokerError } from "@tsapollo/domain";

/** Who answers for a connection: one object for all its parts, instead of functions for each. */
export interface Guardian {
  /** The connection must end, because of this. */
  fail(error: BrokerError): void;
  /** Calls back if the connection is still open; ends it when that fails, or when there was an error already. */
  guarded(answer: () => void, error: Error | undefined): void;
}
