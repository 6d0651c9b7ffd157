import type { Logger, ProtocolAdapter, ProtocolServices } from "@tsapollo/domain";
import type { Bind } from "./bind.ts";
import type { SecureMaterial } from "./secure-material.ts";
import type { Turn } from "./turn.ts";

/** One configured endpoint. Times in milliseconds. [instance 7.8, 11.1] */
export interface ConnectorOptions {
  readonly id: string;
  readonly bind: Bind;
  /** Id of the only protocol that is spoken; `any`, the default: what the client begins with. */
  readonly protocol?: string;
  /** Most connections at a time; the default is no limit. */
  readonly connectionLimit?: number;
  /** How long a client may take to show its protocol; 5,000. */
  readonly detectTimeoutMs?: number;
  /** What is looked for: protocol ids, `ssl` for TLS on a plain port, `ws` for HTTP; default all. */
  readonly detectProtocols?: readonly string[];
  /** How long a TLS or HTTP handshake may take; 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** How long a closed connection may take to send what is left; 5,000. */
  readonly closeTimeoutMs?: number;
}

/** What a connector is made of. */
export interface ConnectorParts {
  readonly options: ConnectorOptions;
  readonly adapters: readonly ProtocolAdapter[];
  /** For the handlers; its logger is the connection log. */
  readonly services: ProtocolServices;
  /** The operator's log. */
  readonly logger: Logger;
  /** Shared by all connectors of a broker. */
  readonly turn: Turn;
  /** Keys and certificates; without them there is no TLS. */
  readonly secure?: SecureMaterial;
  /** What a browser that meets a port of ours is told besides what the port speaks: where the console is. */
  readonly webHint?: () => string;
}
