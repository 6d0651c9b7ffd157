import type { HostEngine } from "@tsapollo/core";
import {
  type Admission,
  type Authenticator,
  type Authorizer,
  BrokerError,
  type Connection,
  type Identity,
  type LoginRequest,
  type Reception,
  type Resource,
  refusalText,
} from "@tsapollo/domain";

/** How one level (the broker, a virtual host) protects itself; undefined parts mean that it does not. */
export interface Security {
  readonly authenticator: Authenticator | undefined;
  readonly authorizer: Authorizer | undefined;
}

/** A virtual host and who may enter it. */
export interface GuardedHost {
  readonly engine: HostEngine;
  readonly hostNames: readonly string[];
  readonly security: Security;
}

/** What the reception knows. */
export interface ReceptionParts {
  readonly brokerId: string;
  readonly version: string;
  /** The first one is the default host. */
  readonly hosts: readonly GuardedHost[];
  /** Who may use which connector. */
  readonly brokerAuthorizer: Authorizer | undefined;
}

/** Lets clients in: finds the virtual host, authenticates, checks connector and host. [instance 12, 13.1] */
export class FrontDesk implements Reception {
  readonly brokerId: string;
  readonly version: string;
  readonly #parts: ReceptionParts;
  readonly #byName: Map<string, GuardedHost> = new Map();

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
    this.brokerId = parts.brokerId;
    this.version = parts.version;
    for (const host of parts.hosts) {
      // the first host that claims a name has it
      for (const name of host.hostNames) if (!this.#byName.has(name)) this.#byName.set(name, host);
    }
  }

  async login(request: LoginRequest): Promise<Admission> {
    const { connection, producer } = request;
    const { engine, security } = this.#find(request.hostName);
    const identity = await authenticate(security.authenticator, request);
    if (identity !== undefined) {
      const connector: Resource = { kind: "connector", id: connection.connectorId };
      demandConnect(this.#parts.brokerAuthorizer, identity, connector, connection);
      demandConnect(security.authorizer, identity, { kind: "virtual-host", id: engine.id }, connection);
    }
    const { host, clientId } = engine.admit(identity, connection.connectorId, producer);
    return { host, clientId, identity };
  }

  #find(name: string | undefined): GuardedHost {
    const host = name === undefined ? this.#parts.hosts[0] : this.#byName.get(name);
    if (host !== undefined) return host;
    const text = name === undefined ? "No virtual host is configured" : `Invalid virtual host: ${name}`;
    throw new BrokerError("HOST_UNKNOWN", text);
  }
}

async function authenticate(
  authenticator: Authenticator | undefined,
  { user, password, connection }: LoginRequest,
): Promise<Identity | undefined> {
  const { certificateNames, remoteAddress, localAddress } = connection;
  return authenticator?.authenticate({ user, password, certificateNames, remoteAddress, localAddress });
}

function demandConnect(
  authorizer: Authorizer | undefined,
  identity: Identity,
  resource: Resource,
  { connectorId }: Connection,
): void {
  if (authorizer === undefined || authorizer.can(identity, "connect", resource, connectorId)) return;
  throw new BrokerError("ACCESS_DENIED", refusalText("connect", resource, identity));
}
