import { readFileSync } from "node:fs";
import type { BrokerConfig, ConnectorConfig, VirtualHostConfig } from "@tsapollo/config";
import { HostEngine } from "@tsapollo/core";
import {
  type AdmitAbsent,
  type Authorizer,
  BrokerError,
  type Clock,
  type MessageStore,
  type Producer,
  type ProtocolServices,
} from "@tsapollo/domain";
import { AmqpContainers } from "@tsapollo/protocol-amqp";
import { MqttSessions } from "@tsapollo/protocol-mqtt";
import type { XPathFunction } from "@tsapollo/selector";
import {
  Connector,
  type DatagramConnector,
  parseBind,
  readKeyStore,
  type SecureMaterial,
  Turn,
} from "@tsapollo/transport";
import { adaptersFor, storedCodecs } from "./adapters.ts";
import { datagramConnector, isForDatagrams } from "./datagrams.ts";
import { hostSettings } from "./host-settings.ts";
import type { LogChannels } from "./logging/index.ts";
import { FrontDesk, type GuardedHost } from "./reception.ts";
import { SecuritySetup } from "./security-setup.ts";
import { SelectorFilter } from "./selector-filter.ts";
import { hostStore, refuseSharedDirectories } from "./stores/make-store.ts";
import { SysTree, type Waiting } from "./sys/sys-tree.ts";
import { limitedXPath } from "./xpath-selectors.ts";

/** What a broker is made of. */
export interface BrokerParts {
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly logs: LogChannels;
  /** Path of login.config, used when the configuration asks for authentication. */
  readonly loginConfigFile: string;
  readonly version: string;
  readonly systemProperties: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * A broker: virtual hosts, connectors and what joins them. Every implementation is named here and in
 * `adapters.ts`, nowhere else.
 */
export class Broker {
  readonly #parts: BrokerParts;
  readonly #hosts: readonly GuardedHost[];
  readonly #services: ProtocolServices;
  readonly #sessions: MqttSessions;
  readonly #containers: AmqpContainers = new AmqpContainers();
  readonly #turn: Turn = new Turn();
  readonly #sys: SysTree;
  readonly #connectors: (Connector | DatagramConnector)[] = [];
  readonly #stores: Map<string, MessageStore> = new Map();
  /** XPATH in selectors, when the configuration allows it. */
  readonly #xpath: XPathFunction | undefined;
  #stopping = false;

  /** @throws BrokerError BAD_CONFIGURATION */
  constructor(parts: BrokerParts) {
    this.#parts = parts;
    const { config, logs, clock } = parts;
    refuseForeignCode(config);
    this.#xpath = config.xpathSelectors ? limitedXPath(logs.broker) : undefined;
    const security = new SecuritySetup({
      loginConfigFile: parts.loginConfigFile,
      systemProperties: parts.systemProperties,
      environment: parts.environment,
      clock,
      security: logs.security,
      console: logs.console,
    });
    const brokerSecurity = security.forBroker(config);
    const enabled = config.virtualHosts.filter((host) => host.enabled);
    refuseSharedDirectories(enabled);
    this.#hosts = enabled.map((host) => {
      const own = security.forHost(host, config);
      return { engine: this.#makeHost(host, own.authorizer), hostNames: host.hostNames, security: own };
    });
    this.#sessions = new MqttSessions(Math.max(...config.connectors.map(({ mqtt }) => mqtt.sessionsMax), 1));
    this.#sys = new SysTree({
      intervalS: config.sysIntervalS,
      version: parts.version,
      clock,
      waiting: () => this.#waiting(),
    });
    const reception = new FrontDesk({
      brokerId: config.id,
      version: parts.version,
      hosts: this.#hosts,
      brokerAuthorizer: brokerSecurity.authorizer,
    });
    this.#services = { reception, clock, logger: logs.connection };
  }

  #makeHost(host: VirtualHostConfig, authorizer: Authorizer | undefined): HostEngine {
    const { clock, logs } = this.#parts;
    const codecs = storedCodecs();
    const store = hostStore(host, { codecs, logger: logs.console });
    this.#stores.set(host.id, store);
    const makeFilter = (text: string): SelectorFilter => new SelectorFilter(text, this.#xpath);
    return new HostEngine({
      id: host.id,
      brokerId: this.#parts.config.id,
      settings: hostSettings(host, makeFilter),
      codecs,
      makeFilter,
      store,
      stores: store.durable,
      authorizer,
      clock,
      logger: logs.broker,
    });
  }

  /**
   * Opens stores, then connectors. When one fails, what was opened is closed again.
   * @throws BrokerError CANNOT_LISTEN, KEYSTORE_UNREADABLE, STORE_FAILED; HOST_STOPPED when it is stopped meanwhile
   */
  async start(): Promise<void> {
    const { config, logs } = this.#parts;
    try {
      const secure = await this.#readKeys();
      for (const { engine } of this.#hosts) {
        logs.console.info({}, `Starting store: ${engine.storeTitle}`);
        this.#refuseIfStopping();
        await engine.start();
        const host = engine.admitBroker();
        this.#sessions.hostStarted(host, this.#services, this.#admitAbsentTo(engine));
        this.#containers.hostStarted(host);
        this.#sys.hostStarted(engine, this.#sourcesOf(engine));
      }
      for (const connector of config.connectors) {
        this.#refuseIfStopping();
        if (connector.enabled) await this.#open(connector, secure);
      }
      this.#refuseIfStopping();
      for (const { bind } of config.webAdmins) {
        logs.console.info({}, `Administration interface not opened, this version has none: ${bind}`);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  #refuseIfStopping(): void {
    if (this.#stopping) throw new BrokerError("HOST_STOPPED", "The broker was stopped while it started");
  }

  async #readKeys(): Promise<SecureMaterial | undefined> {
    const storage = this.#parts.config.keyStorage;
    if (storage?.file === undefined) return undefined;
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(storage.file);
    } catch (cause) {
      const text = `The key store '${storage.file}' cannot be read: ${(cause as Error).message}`;
      throw new BrokerError("KEYSTORE_UNREADABLE", text, { cause });
    }
    try {
      return await readKeyStore(bytes, storage.password, storage.keyPassword, storage.keyAlias);
    } catch (cause) {
      if (!(cause instanceof BrokerError)) throw cause;
      throw new BrokerError(cause.code, `The key store '${storage.file}': ${cause.message}`, { cause });
    }
  }

  async #open(config: ConnectorConfig, secure: SecureMaterial | undefined): Promise<void> {
    const { logs } = this.#parts;
    const warn = (sentence: string): void => logs.console.warn({}, `Connector '${config.id}': ${sentence}`);
    const connector = isForDatagrams(config)
      ? datagramConnector(config, {
          services: this.#services,
          defaultHost: this.#hosts[0]?.engine,
          warn,
        })
      : this.#connectorFor(config, secure, warn);
    const uri = await connector.start();
    this.#connectors.push(connector);
    logs.console.info({}, `Accepting connections at: ${uri}`);
  }

  #connectorFor(
    config: ConnectorConfig,
    secure: SecureMaterial | undefined,
    warn: (sentence: string) => void,
  ): Connector {
    const { logs } = this.#parts;
    return new Connector({
      options: {
        id: config.id,
        bind: withConfig(parseBind(config.bind, warn), config),
        protocol: config.protocol,
        detectTimeoutMs: config.detect.timeoutMs,
        ...(config.connectionLimit === undefined ? {} : { connectionLimit: config.connectionLimit }),
        ...(config.detect.protocols === undefined ? {} : { detectProtocols: config.detect.protocols }),
      },
      adapters: adaptersFor(config, this.#sessions, this.#containers, this.#xpath),
      services: this.#services,
      logger: logs.console,
      turn: this.#turn,
      ...(secure === undefined ? {} : { secure }),
    });
  }

  /** Where each open connector can be reached, by connector id. */
  get boundUris(): ReadonlyMap<string, string> {
    const { connectors } = this.#parts.config;
    const ids = connectors.filter(({ enabled }) => enabled).map(({ id }) => id);
    return new Map(this.#connectors.map((connector, at) => [ids[at]!, connector.boundUri!]));
  }

  /** Nobody is there to be told of refusals: they are logged. */
  #admitAbsentTo(engine: HostEngine): AdmitAbsent {
    const { logger } = this.#services;
    const producer: Producer = {
      confirmed: (_token, error) => {
        if (error === undefined) return;
        logger.warn({ code: error.code, reason: error.message }, "what an absent client left is refused");
      },
      resumed: () => undefined,
    };
    return (identity, connectorId) => engine.admit(identity, connectorId, producer).host;
  }

  /** Where the figures of a virtual host are counted. */
  #sourcesOf({ id, counters: host }: HostEngine): Parameters<SysTree["hostStarted"]>[1] {
    const { counters: mqtt } = this.#sessions.of(id);
    const { strangers } = this.#sessions;
    return {
      host,
      mqtt,
      strangers,
      traffic: this.#turn.traffic,
      clients: () => this.#sessions.count(id),
    };
  }

  #waiting(): Waiting {
    let count = 0;
    let bytes = 0;
    for (const connector of this.#connectors) {
      if (!(connector instanceof Connector)) continue;
      for (const { output } of connector.connections) {
        const { unsentBytes } = output;
        bytes += unsentBytes;
        if (unsentBytes > 0) count += 1;
      }
    }
    return { count, bytes };
  }

  /** Connectors first, then hosts: stores are closed after the last message. A start that is under way fails. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const { logs, config } = this.#parts;
    const graceMs = Math.min(config.shutdownGraceMs, 1_000);
    this.#sys.stop();
    this.#sessions.shuttingDown();
    await Promise.all(
      this.#connectors.splice(0).map(async (connector) => {
        await connector.stop(graceMs);
        logs.console.info({}, `Stopped connector at: ${connector.boundUri}`);
      }),
    );
    for (const { engine } of this.#hosts) {
      this.#sessions.hostStopping(engine.id);
      await engine.stop();
    }
  }

  /**
   * Copies the store of a virtual host into an empty or missing folder, while work goes on.
   * @param hostId the first host's by default
   * @throws BrokerError HOST_UNKNOWN, STORE_FAILED
   */
  async backupStore(folder: string, hostId?: string): Promise<void> {
    const id = hostId ?? this.#hosts[0]?.engine.id ?? "";
    const store = this.#stores.get(id);
    if (store !== undefined) return store.backup(folder);
    const ids = [...this.#stores.keys()].map((known) => `'${known}'`).join(", ");
    throw new BrokerError("HOST_UNKNOWN", `The broker runs no virtual host '${id}'; it runs ${ids}`);
  }

  /** Virtual hosts, for management and tests. */
  get hosts(): readonly HostEngine[] {
    return this.#hosts.map(({ engine }) => engine);
  }
}

/** Attributes of the connector element that are settings of the transport. */
function withConfig(
  bind: ReturnType<typeof parseBind>,
  config: ConnectorConfig,
): ReturnType<typeof parseBind> {
  const { clientAuth } = config.ssl ?? {};
  const settings = {
    ...bind.settings,
    ...(config.writeBufferBytes === undefined ? {} : { writeBufferSize: config.writeBufferBytes }),
    ...(clientAuth === undefined ? {} : { clientAuth }),
  };
  return { ...bind, settings };
}

/** Modules that weaken security when they are missing make the start fail. [instance 21.3] */
function refuseForeignCode({ securityFactory, connectors }: BrokerConfig): void {
  const missing = (what: string, kind: string): BrokerError =>
    new BrokerError(
      "BAD_CONFIGURATION",
      `${what} '${kind}' cannot be loaded, and without it access might be open that must not be`,
    );
  if (securityFactory !== undefined) throw missing("security_factory", securityFactory);
  for (const { stomp, mqtt, amqp } of connectors) {
    for (const kind of [...stomp.protocolFilters, ...mqtt.protocolFilters, ...amqp.protocolFilters])
      throw missing("protocol_filter", kind);
  }
}
