import type { Action, ResourceKind } from "@tsapollo/domain";
import type { Position } from "./xml/position.ts";

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

/**
 * One `access_rule`: split into words, checked for what no rule may say, not interpreted. At least one of `allow`
 * and `deny` is there. [instance 14.1, 14.2]
 */
export interface AccessRule {
  /** A principal's name, `*` or `+`; with `separator` a list. [instance 14.3] */
  readonly allow: string | undefined;
  readonly deny: string | undefined;
  readonly separator: string | undefined;
  /** Class names to compare; undefined: the `aclPrincipalKinds` of the level that is checked. */
  readonly principalKinds: "*" | readonly string[] | undefined;
  /** What it is about; a list without members is about nothing. */
  readonly actions: "*" | readonly Action[];
  /** In a virtual host `*` leaves broker and connectors out. */
  readonly kinds: "*" | readonly ResourceKind[];
  /** An id or a pattern of destinations; undefined: every id. */
  readonly id: string | undefined;
  /** A Java expression that must match whole ids, besides `id`. */
  readonly idRegex: string | undefined;
  /** Connector the client must have come through; undefined: any. */
  readonly connector: string | undefined;
  /** Where it stands in the file. */
  readonly position: Position;
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
