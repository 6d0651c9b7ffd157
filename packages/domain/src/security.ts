import type { PathPart } from "./address.ts";

/** Class names that stand in existing configuration files; they are names here, not classes. */
export const PRINCIPAL_KINDS = {
  user: "org.apache.activemq.jaas.UserPrincipal",
  group: "org.apache.activemq.jaas.GroupPrincipal",
  x500: "javax.security.auth.x500.X500Principal",
  address: "org.apache.activemq.apollo.broker.security.SourceAddressPrincipal",
} as const;

/** Something that is true of a client: it is this user, it is in this group, it comes from this address. */
export interface Principal {
  /** One of {@link PRINCIPAL_KINDS}, or any other class name a login module uses. */
  readonly kind: string;
  readonly name: string;
}

/** Who a client proved to be. */
export interface Identity {
  readonly principals: readonly Principal[];
  /** Name of the first principal of a user kind; undefined when there is none. */
  readonly userName: string | undefined;
}

/** What a client shows when it connects. */
export interface Credentials {
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Distinguished names (RFC 2253 text) of the client's verified certificate chain, leaf first; empty without. */
  readonly certificateNames: readonly string[];
  /** `address:port` of the client, and of our end. */
  readonly remoteAddress: string;
  readonly localAddress: string;
}

/** Decides who somebody is. */
export interface Authenticator {
  /** @throws BrokerError AUTHENTICATION_FAILED with the text the client may read [instance 13.1] */
  authenticate(credentials: Credentials): Promise<Identity>;
}

/** What can be done to a resource. [instance 14.1] */
export type Action =
  | "admin"
  | "monitor"
  | "config"
  | "connect"
  | "create"
  | "destroy"
  | "send"
  | "receive"
  | "consume";

/** Kinds of things that access rules protect. */
export type ResourceKind = "broker" | "virtual-host" | "connector" | "queue" | "topic" | "dsub";

/** One thing that access rules protect. */
export interface Resource {
  readonly kind: ResourceKind;
  readonly id: string;
  /** For destinations: the parsed name, for rules with wildcards. */
  readonly path?: readonly PathPart[];
}

/** Decides what somebody may do. Verdicts may be cached until `generation` changes. */
export interface Authorizer {
  /** Grows when the rules change. */
  readonly generation: number;
  /** Whether a client that came through this connector may do this. */
  can(identity: Identity, action: Action, resource: Resource, connectorId: string): boolean;
}
