import type { ConnectorConfig } from "./connector-config.ts";
import type { AccessRule, AuthenticationConfig, KeyStorageConfig } from "./security-config.ts";
import type { LogCategoryConfig, VirtualHostConfig } from "./virtual-host-config.ts";

/** Everything that `apollo.xml` says, defaults filled in, frozen. [instance 7.1] */
export interface BrokerConfig {
  readonly id: string;
  /** What start-up does about validation messages; undefined: shows them. [instance 5.4] */
  readonly validation: "hide" | "strict" | undefined;
  /** Module that installs authentication and authorization; a broker that cannot load it must not start. */
  readonly securityFactory: string | undefined;
  /** How long a stop waits for connections and stores before it becomes hard. */
  readonly shutdownGraceMs: number;
  /** Whether selectors may look into bodies with XPATH. */
  readonly xpathSelectors: boolean;
  /** Seconds between two updates of the `$SYS` topics; 0: there are none. */
  readonly sysIntervalS: number;
  readonly notes: string | undefined;
  /** Address that clients should use; undefined: the first connector's. */
  readonly clientAddress: string | undefined;
  /** The first one is the default host. */
  readonly virtualHosts: readonly VirtualHostConfig[];
  readonly connectors: readonly ConnectorConfig[];
  readonly webAdmins: readonly WebAdminConfig[];
  readonly keyStorage: KeyStorageConfig | undefined;
  /** In file order; evaluated after a virtual host's own. */
  readonly accessRules: readonly AccessRule[];
  /** Not enabled: no security at all at this level. [instance 13.1] */
  readonly authentication: AuthenticationConfig;
  readonly logCategory: LogCategoryConfig;
  readonly services: readonly ServiceConfig[];
}

/** Where the management answers. [instance 7.10] */
export interface WebAdminConfig {
  /** `http://host:port/prefix?cors_origin=…` or `https://…` */
  readonly bind: string;
}

/** Something extra that starts with the broker. [instance 7.12] */
export interface ServiceConfig {
  readonly id: string | undefined;
  /** Module to load. */
  readonly kind: string;
}
