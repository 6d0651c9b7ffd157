import type { Action, PathPart, ResourceKind } from "@tsapollo/domain";

/** Who is asked for a name and a password, and by what. [instance 7.9] */
export interface AuthenticationConfig {
  /** Not enabled, or no element: everything is allowed and rules are not evaluated. [instance 13.1] */
  readonly enabled: boolean;
  /** Entry in login.config. */
  readonly domain: string;
  /** Kinds of principals whose first member is the user's name. */
  readonly userPrincipalKinds: readonly string[];
  /** Kinds of principals that rules without `principalKinds` compare with. */
  readonly aclPrincipalKinds: readonly string[];
}

/** Principals by name; `*` is everybody, `+` everybody with a principal of the rule's kinds. [instance 14.3] */
export type PrincipalMatch = "*" | "+" | readonly string[];

/** One `access_rule`, parsed; at least one of `allow` and `deny` is there. [instance 14.1] */
export interface AccessRule {
  readonly allow: PrincipalMatch | undefined;
  readonly deny: PrincipalMatch | undefined;
  /** Kinds to compare; undefined: the `aclPrincipalKinds` of the level that is checked. */
  readonly principalKinds: "*" | readonly string[] | undefined;
  /** What it is about; a list without members is about nothing. */
  readonly actions: "*" | readonly Action[];
  /** In a virtual host `*` leaves broker and connectors out. */
  readonly kinds: "*" | readonly ResourceKind[];
  /** Undefined: every id. */
  readonly id: string | undefined;
  /** The id as a name or pattern of destinations, for `filterMatches`; undefined when it is none. */
  readonly path: readonly PathPart[] | undefined;
  /** Must match besides `id`; matches whole ids. */
  readonly idRegex: RegExp | undefined;
  /** Connector the client must have come through; undefined: any. */
  readonly connector: string | undefined;
  /** Where the rule stands. */
  readonly level: "broker" | "virtual-host";
  /** The rule as it was written, for messages. */
  readonly text: string;
}

/** Keys and trusted certificates of TLS. [instance 15] */
export interface KeyStorageConfig {
  readonly file: string | undefined;
  readonly password: string;
  readonly keyPassword: string;
  /** Which key to use; undefined: the first. */
  readonly keyAlias: string | undefined;
  /** What the file is said to be; readers go by its content. */
  readonly storeType: string;
}
