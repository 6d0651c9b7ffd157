import { Address, BrokerError, type DestinationKind, type VirtualHost } from "@tsapollo/domain";
import type { TargetTerms } from "./codec/terminus.ts";
import type { OpenConnection } from "./open-connection.ts";

const DELETE_ON_CLOSE = 0x2b;

/** What kind of destination the capabilities of a terminus name; undefined when they do not. [JMS mapping] */
export function plainKind(capabilities: readonly string[]): DestinationKind | undefined {
  for (const capability of capabilities) {
    if (capability === "queue" || capability === "temporary-queue") return "queue";
    if (capability === "topic" || capability === "temporary-topic") return "topic";
  }
  return undefined;
}

/** A node that a client asked for without naming it. */
export interface DynamicNode {
  readonly address: Address;
  /** How the client's connector spells it. */
  readonly text: string;
  /** The link that made it is over. */
  readonly onOver: (closed: boolean) => void;
}

/**
 * Names a dynamic node: a temporary destination of the client. It goes with the link that made it, or, with another
 * lifetime policy, with the connection. [AMQP 3.5.3, 3.5.10; messaging 17.7]
 */
export function makeNode(connection: OpenConnection, terms: TargetTerms): DynamicNode {
  connection.nodes += 1;
  const kind = plainKind(terms.capabilities) ?? "queue";
  const address = new Address(kind, [...connection.scope, String(connection.nodes)]);
  const { lifetimePolicy = DELETE_ON_CLOSE } = terms;
  return {
    address,
    text: connection.shared.addresses.format(address),
    onOver: () => {
      if (lifetimePolicy === DELETE_ON_CLOSE) destroyQuietly(connection.host, address);
    },
  };
}

/** Destroys a destination that nobody can use any more; if that is not allowed, it stays until the host removes it. */
export function destroyQuietly(host: VirtualHost, address: Address): void {
  try {
    host.destroy(address);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
  }
}
