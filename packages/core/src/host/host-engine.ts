import {
  type Address,
  type Authorizer,
  BrokerError,
  type Clock,
  type CodecLookup,
  type Consumer,
  type Identity,
  type Logger,
  type Message,
  type MessageFilter,
  type MessageStore,
  type Producer,
  type Timer,
  type VirtualHost,
} from "@tsapollo/domain";
import { type CollectingRights, NOBODY_KNOWN } from "../queue/durable-subscription.ts";
import type { HostSettings } from "../settings.ts";
import type { TopicFeed } from "../topic/topic-feed.ts";
import { Client } from "./client.ts";
import { ClientAccess } from "./client-access.ts";
import { Committer } from "./committer.ts";
import { type Bearer, Guard } from "./guard.ts";
import { HostCounters } from "./host-counters.ts";
import { Janitor } from "./janitor.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { restore } from "./restoration.ts";
import { Router } from "./router.ts";
import { Scheduler } from "./scheduler.ts";
import { States } from "./states.ts";
import { ownerOf } from "./temporary.ts";

/** What a virtual host is made of. */
export interface HostParts {
  readonly id: string;
  /** Id of the broker, part of the names of temporary destinations. */
  readonly brokerId: string;
  readonly settings: HostSettings;
  readonly store: MessageStore;
  /** Whether queues use the store; `false` for `<null_store/>`. */
  readonly stores: boolean;
  /** Undefined: everything is allowed. */
  readonly authorizer: Authorizer | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Finds the encodings of stored messages. */
  readonly codecs: CodecLookup;
  /** Makes a filter of its text again; throws a BrokerError for a text that is none. */
  readonly makeFilter: (text: string) => MessageFilter;
}

/** A client that was let in. */
export interface AdmittedClient {
  readonly host: VirtualHost;
  readonly clientId: string;
}

/** How often expiry, idle destinations and slow consumers are looked at. */
const MAINTENANCE_MS = 1_000;

/** A virtual host: an isolated scope of names, its destinations, its store and its clients. */
export class HostEngine {
  readonly id: string;
  readonly brokerId: string;
  readonly settings: HostSettings;
  readonly clock: Clock;
  readonly router: Router;
  readonly committer: Committer;
  readonly memory: MemoryBudget;
  /** What it holds and lost, for whoever shows figures. */
  readonly counters: HostCounters = new HostCounters();
  readonly scheduler: Scheduler;
  readonly states: States;
  readonly #parts: HostParts;
  readonly #janitor: Janitor;
  readonly #clients: Map<string, Client> = new Map();
  #timer: Timer | undefined = undefined;
  #clientCounter = 0;
  #state: "new" | "running" | "stopped" = "new";

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.brokerId = parts.brokerId;
    this.settings = parts.settings;
    this.clock = parts.clock;
    this.committer = new Committer(parts.store, parts.clock, parts.logger, {
      flushDelayMs: parts.settings.flushDelayMs,
      patienceMs: parts.settings.patienceMs,
      pendingBytesMax: parts.settings.storePendingBytesMax,
    });
    this.states = new States(this.committer);
    this.memory = new MemoryBudget(parts.settings.memoryLimitBytes);
    const { settings, clock, logger, brokerId } = parts;
    const { committer, memory, counters } = this;
    const store = parts.stores ? parts.store : undefined;
    const rightsGeneration = (): number => parts.authorizer?.generation ?? 0;
    this.router = new Router({
      brokerId,
      settings,
      clock,
      committer,
      memory,
      counters,
      store,
      logger,
      rightsGeneration,
    });
    this.scheduler = new Scheduler(
      clock,
      memory,
      (address, message) => this.#deliverLate(address, message),
      logger,
      store === undefined ? undefined : committer,
    );
    this.#janitor = new Janitor(this, parts.logger);
  }

  /**
   * Opens the store and begins to admit clients.
   * @throws BrokerError STORE_FAILED; HOST_STOPPED when it was stopped meanwhile
   */
  async start(): Promise<void> {
    await this.#parts.store.open();
    await this.#refuseIfStopped();
    if (this.settings.purgeOnStartup) await this.#parts.store.purge();
    const { router, scheduler, states } = this;
    const rightsOf = (bearer: Bearer | undefined): CollectingRights => this.#rightsOf(bearer);
    await restore({ ...this.#parts, router, scheduler, states, rightsOf });
    this.router.createConfigured();
    await this.committer.idle();
    await this.#refuseIfStopped();
    this.#state = "running";
    this.#scheduleMaintenance();
  }

  /** It may be stopped while it starts: opening a store may take long, or wait for another process. */
  async #refuseIfStopped(): Promise<void> {
    if (this.#state !== "stopped") return;
    await this.#parts.store.close();
    throw new BrokerError("HOST_STOPPED", "Virtual host stopped");
  }

  /** What somebody who is not here may see. Whoever nobody knows sees nothing where there are rules. */
  #rightsOf(bearer: Bearer | undefined): CollectingRights {
    const { authorizer } = this.#parts;
    if (bearer === undefined && authorizer !== undefined) return NOBODY_KNOWN;
    return new ClientAccess(new Guard(authorizer, bearer?.identity, bearer?.connectorId ?? ""), this, "");
  }

  /** The time of a delayed message has come. Nobody is there to be told that its destination cannot be made. */
  #deliverLate(address: Address, message: Message): void {
    try {
      if (this.isOver(address))
        throw new BrokerError("DESTINATION_MISSING", "Its owner has deleted it or left");
      this.router.deliver(address, message);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      const fields = { code: error.code, destination: address.key, reason: error.message };
      this.#parts.logger.warn(fields, "a delayed message is dropped");
    }
  }

  #scheduleMaintenance(): void {
    this.#timer = this.clock.after(MAINTENANCE_MS, () => {
      this.#janitor.sweep();
      this.#scheduleMaintenance();
    });
  }

  /** Lets every client go, waits for commits, closes the store. Also ends a start that is under way. */
  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    const wasRunning = this.#state === "running";
    this.#state = "stopped";
    this.#timer?.cancel();
    this.scheduler.stop();
    for (const client of [...this.#clients.values()]) client.close();
    if (wasRunning) await this.committer.idle();
    await this.#parts.store.close();
  }

  /** Where messages are kept, for people. */
  get storeTitle(): string {
    return this.#parts.store.title;
  }

  /**
   * The host as a client sees it that has been let in, and the client's id: `<host id>-<hex counter>`.
   * @throws BrokerError HOST_STOPPED
   */
  admit(identity: Identity | undefined, connectorId: string, producer: Producer): AdmittedClient {
    if (this.#state !== "running") throw new BrokerError("HOST_STOPPED", "Virtual host stopped");
    this.#clientCounter += 1;
    const clientId = `${this.id}-${this.#clientCounter.toString(16)}`;
    const host = new Client(
      this,
      new Guard(this.#parts.authorizer, identity, connectorId),
      producer,
      clientId,
    );
    this.#clients.set(clientId, host);
    return { host, clientId };
  }

  /**
   * The broker's own view of the host: it may do everything. Refusals of what it publishes are logged.
   * @param resumed called as `Producer.resumed`
   */
  admitBroker(resumed: () => void = () => {}): VirtualHost {
    const { logger } = this.#parts;
    const producer: Producer = {
      confirmed: (_token, error) => {
        if (error !== undefined)
          logger.warn({ code: error.code, reason: error.message }, "the broker's own message was refused");
      },
      resumed,
    };
    this.#clientCounter += 1;
    const clientId = `${this.id}-${this.#clientCounter.toString(16)}`;
    const host = new Client(this, new Guard(undefined, undefined, "", true), producer, clientId);
    this.#clients.set(clientId, host);
    return host;
  }

  /** A client left; its temporary destinations go with the next sweep. */
  forget(client: Client): void {
    this.#clients.delete(client.clientId);
  }

  /** Whether a client is here. */
  hasClient(clientId: string): boolean {
    return this.#clients.has(clientId);
  }

  /** Whether a destination belongs to a client that has left, or deleted it. */
  isOver(address: Address): boolean {
    const owner = ownerOf(address, this.brokerId);
    return owner !== undefined && (this.#clients.get(owner)?.access.deleted.has(address) ?? true);
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** A consumer's own code failed: it is told that it has ended, once whatever is running is done. */
  consumerFailed(consumer: Consumer, error: unknown): void {
    this.#parts.logger.error({ error }, "a consumer failed and is ended");
    queueMicrotask(() =>
      consumer.ended(new BrokerError("INTERNAL", "The broker failed to deliver a message")),
    );
  }

  /** Watches a topic consumer for progress while producers wait for it. */
  watchFeed(feed: TopicFeed): void {
    this.#janitor.feeds.add(feed);
  }

  unwatchFeed(feed: TopicFeed): void {
    this.#janitor.feeds.delete(feed);
  }
}
