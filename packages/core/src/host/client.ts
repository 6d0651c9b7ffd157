import {
  type Address,
  BrokerError,
  type Consumer,
  type Message,
  type NamedStates,
  NO_TOKEN,
  type Producer,
  SmallMap,
  SmallSet,
  type SubscribeRequest,
  type Subscription,
  type Transaction,
  type VirtualHost,
} from "@tsapollo/domain";
import type { Congestion, Waiting } from "../congestion.ts";
import type { DurableSubscription } from "../queue/durable-subscription.ts";
import type { Queue } from "../queue/queue.ts";
import type { Topic } from "../topic/topic.ts";
import { TopicDelivery } from "../topic/topic-delivery.ts";
import { Bindings } from "./bindings.ts";
import { ClientAccess } from "./client-access.ts";
import { ClientSubscription } from "./client-subscription.ts";
import { ClientTransaction } from "./client-transaction.ts";
import type { Confirmed } from "./committer.ts";
import { DurableAttachment } from "./durable-attachment.ts";
import type { Guard } from "./guard.ts";
import type { HostEngine } from "./host-engine.ts";
import { LateMessages } from "./late-messages.ts";
import { destinationsOf } from "./matching.ts";
import type { Late, Route } from "./route.ts";
import { ShieldedConsumer } from "./shielded-consumer.ts";
import { ownerOf } from "./temporary.ts";

/** Routes one client may remember; past it all are forgotten, which is simpler than finding the oldest. */
const ROUTES_MAX = 1_024;

/** A virtual host as one client sees it: its rights, its subscriptions, what it waits for. */
export class Client implements VirtualHost, Waiting, Confirmed {
  readonly id: string;
  readonly host: HostEngine;
  readonly guard: Guard;
  readonly access: ClientAccess;
  readonly bindings: Bindings;
  readonly states: NamedStates;
  readonly producer: Producer;
  /** Unique among the host's clients; owns temporary destinations. */
  readonly clientId: string;
  unconfirmed = 0;
  readonly #routes: SmallMap<Address, Route> = new SmallMap();
  #lastRoute: Route | undefined = undefined;
  readonly #blockedBy: SmallSet<Congestion> = new SmallSet();
  /** Messages for queues that were full, and what came after them: what was on its way. */
  readonly #late: LateMessages = new LateMessages();
  /** Whether what is being published made the client wait for something. */
  #waits = false;
  readonly #subscriptions: SmallSet<ClientSubscription> = new SmallSet();
  readonly #transactions: SmallSet<ClientTransaction> = new SmallSet();
  #closed = false;

  constructor(host: HostEngine, guard: Guard, producer: Producer, clientId: string) {
    this.clientId = clientId;
    this.id = host.id;
    this.host = host;
    this.guard = guard;
    this.states = host.states;
    this.producer = producer;
    this.bindings = new Bindings(host.settings.bindingsBytesMax);
    this.access = new ClientAccess(guard, host, clientId);
  }

  publish(address: Address, message: Message, token: number): boolean {
    if (this.#closed) return true;
    const route = this.routeTo(address);
    const refusal = route.refusal ?? this.#cannotStore(route, message);
    if (refusal !== undefined) {
      this.producer.confirmed(token, refusal);
      return true;
    }
    if (route.queue !== undefined && (route.queue.mustWait || this.#late.isAhead(route.queue))) {
      this.#holdBack([route], { addresses: [address], message, token, destinationsMax: undefined });
      return false;
    }
    this.#waits = false;
    this.#deliverNow(route, message, token);
    return !this.#waits;
  }

  /** While the store cannot be written, what would have to be stored is refused at once. */
  #cannotStore({ topic, queue }: Route, message: Message): BrokerError | undefined {
    const { trouble } = this.host.committer;
    if (trouble === undefined || !message.persistent) return undefined;
    return (topic?.stores(message) ?? queue?.storeId !== 0) ? trouble : undefined;
  }

  #deliverNow(route: Route, message: Message, token: number): void {
    const { committer } = this.host;
    const operationsBefore = committer.operations;
    this.deliver(route, message);
    if (token !== NO_TOKEN) committer.confirm(this, token, operationsBefore);
    if (committer.isCongested && committer.operations !== operationsBefore) this.#wait(committer.congestion);
  }

  /** A message for a full queue waits here, unconfirmed, and with it what follows for that queue. [messaging 11] */
  #holdBack(routes: readonly Route[], late: Late): void {
    late.message.own();
    this.#late.push(late, routes);
    this.#waitForRoom(routes);
  }

  /** Waits for the first of these destinations that has no room. `false`: all have room. */
  #waitForRoom(routes: readonly Route[]): boolean {
    for (const { queue } of routes) {
      if (!queue?.mustWait) continue;
      this.#wait(queue.congestion);
      return true;
    }
    return false;
  }

  /** What was held back goes to its queues, in order for each, as far as there is room. */
  #deliverLate(): void {
    const held = new Set<Queue>();
    for (let left = this.#late.length; left > 0; left -= 1) {
      const next = this.#late.shift();
      const routes = this.#routesOf(next);
      if (routes === undefined) continue;
      const queues = routes.flatMap(({ queue }) => queue ?? []);
      if (!queues.some((queue) => held.has(queue)) && !this.#waitForRoom(routes)) {
        this.#deliverAllNow(routes, next.message, next.token);
        continue;
      }
      for (const queue of queues) held.add(queue);
      this.#late.push(next, routes); // behind those that were held back with it: the order stays
    }
  }

  /** Where a message goes; undefined when it was refused, which the producer has been told. */
  #routesOf({ addresses, message, token, destinationsMax: max }: Late): readonly Route[] | undefined {
    try {
      const named = max === undefined ? addresses : this.destinationsOf(addresses, max);
      const routes = named.map((address) => this.routeTo(address));
      const refusals = routes.flatMap((route) => route.refusal ?? this.#cannotStore(route, message) ?? []);
      if (refusals.length === 0) return routes;
      const text = refusals.map((refusal) => refusal.message).join("; ");
      throw new BrokerError(refusals[0]!.code, text);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.producer.confirmed(token, error);
      return undefined;
    }
  }

  #deliverAllNow(routes: readonly Route[], message: Message, token: number): void {
    if (routes.length === 1) return this.#deliverNow(routes[0]!, message, token);
    const { committer } = this.host;
    const operationsBefore = committer.operations;
    this.deliverToEach(routes, message);
    if (token !== NO_TOKEN) committer.confirm(this, token, operationsBefore);
    if (committer.isCongested && committer.operations !== operationsBefore) this.#wait(committer.congestion);
  }

  publishToAll(addresses: readonly Address[], message: Message, token: number): boolean {
    return this.#publishAll({ addresses, message, token, destinationsMax: undefined });
  }

  /** Into every one of the destinations at once: as long as one of them is full, the message waits for it. */
  #publishAll(late: Late): boolean {
    if (this.#closed) return true;
    const routes = this.#routesOf(late);
    if (routes === undefined) return true;
    if (this.#late.isAheadOfAny(routes) || routes.some(({ queue }) => queue?.mustWait)) {
      this.#holdBack(routes, late);
      return false;
    }
    this.#waits = false;
    this.#deliverAllNow(routes, late.message, late.token);
    return !this.#waits;
  }

  /** Hands a message to several destinations, to each once. */
  deliverToEach(routes: readonly Route[], message: Message): void {
    const reached = new Set<Topic | Queue>();
    for (const route of routes) {
      const destination = route.topic ?? route.queue!;
      if (reached.has(destination)) continue; // named twice, or a mirrored queue and its topic: one copy
      reached.add(destination);
      this.deliver(route, message);
      if (route.queue?.mustWait) this.#wait(route.queue.congestion);
    }
  }

  publishToMatching(
    addresses: readonly Address[],
    message: Message,
    token: number,
    destinationsMax: number,
  ): boolean {
    return this.#publishAll({ addresses, message, token, destinationsMax });
  }

  /** @throws BrokerError DESTINATION_LIMIT; see {@link destinationsOf} */
  destinationsOf(addresses: readonly Address[], destinationsMax: number): readonly Address[] {
    return destinationsOf(addresses, this.host.router, this.guard, destinationsMax);
  }

  /** Hands a message to the route's destination; what is full is remembered in `blockedBy`. */
  deliver(route: Route, message: Message): void {
    const { topic, queue } = route;
    // what is sent to a durable subscription directly must pass its selector too [messaging 7]
    if (route.durable?.filter?.matches(message) === false) return;
    if (message.notBeforeMs !== 0 && message.notBeforeMs > this.host.clock.nowMs()) {
      this.host.scheduler.hold(route.address, message);
      if (this.host.memory.isExhausted) this.#wait(this.host.memory.congestion);
      return;
    }
    if (topic !== undefined) this.#toTopic(topic, message);
    else {
      queue!.enqueue(message, queue!.address, false);
      this.#waitForMemory(); // who fills the queue goes on; the next message for it waits
    }
  }

  #toTopic(topic: Topic, message: Message): void {
    const targets = topic.accept(message, this.host.clock.nowMs());
    if (message.retain !== "none") this.#waitForMemory();
    const count = targets.length;
    if (count === 0) return;
    const delivery = new TopicDelivery(message, topic.address, false);
    for (let at = 0; at < count; at += 1) {
      const target = targets[at]!;
      if (!target.take(delivery)) this.#wait(target.congestion);
    }
  }

  /** What is kept although nobody consumes it counts too. */
  #waitForMemory(): void {
    const { memory } = this.host;
    if (memory.isExhausted) this.#wait(memory.congestion);
  }

  #wait(congestion: Congestion): void {
    if (this.#closed) return;
    this.#blockedBy.add(congestion);
    congestion.await(this);
    this.#waits = true;
  }

  relieved(congestion: Congestion): void {
    if (!this.#blockedBy.delete(congestion) || this.#closed) return;
    const { committer } = this.host;
    const { binding } = committer;
    committer.binding = 0; // a transaction that made room fails or succeeds without what comes now
    try {
      if (this.#late.length > 0) this.#deliverLate();
      if (this.#blockedBy.size === 0) this.producer.resumed();
    } finally {
      committer.binding = binding;
    }
  }

  /** The remembered route to an address, asked again when the destination is gone or the rules changed. */
  routeTo(address: Address): Route {
    const last = this.#lastRoute;
    if (last !== undefined && last.address === address && this.#isCurrent(last)) return last;
    let route = this.#routes.get(address);
    if (route === undefined || !this.#isCurrent(route)) {
      route = this.#findRoute(address);
      if (this.#routes.size >= ROUTES_MAX) this.#routes.clear();
      this.#routes.set(address, route);
    }
    this.#lastRoute = route;
    return route;
  }

  #isCurrent(route: Route): boolean {
    if (route.guardGeneration !== this.guard.generation) return false;
    const { topic, queue } = route;
    if (topic === undefined && queue === undefined) return false; // a refusal: things may have changed
    return !topic?.deleted && !queue?.deleted;
  }

  #findRoute(address: Address): Route {
    const guardGeneration = this.guard.generation;
    try {
      const { router } = this.host;
      const isTopic = address.kind === "topic";
      const queue = isTopic ? undefined : this.access.queueFor(address, "send");
      const mirrored = queue?.settings.mirrored ? router.mirrorTopic(queue.address) : undefined;
      const topic = isTopic ? this.access.topicFor(address, "send") : mirrored;
      const durable = address.kind === "dsub" ? router.dsubs.get(address.id) : undefined;
      return { address, topic, queue, durable, refusal: undefined, guardGeneration };
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      const nowhere = { topic: undefined, queue: undefined, durable: undefined };
      return { address, ...nowhere, refusal: error, guardGeneration };
    }
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  subscribe(request: SubscribeRequest, consumer: Consumer): Subscription {
    if (this.#closed) throw new BrokerError("HOST_STOPPED", "The client has left the virtual host");
    const shielded = new ShieldedConsumer(consumer, this.host);
    const subscription = new ClientSubscription(this, shielded, request);
    this.#subscriptions.add(subscription);
    try {
      if (request.durable !== undefined) return this.#attach(request.durable, request, subscription);
      subscription.addRequested();
      return subscription;
    } catch (error) {
      subscription.cancel();
      throw error;
    }
  }

  #attach(address: Address, request: SubscribeRequest, inner: ClientSubscription): Subscription {
    const { router } = this.host;
    const existing = router.dsubs.get(address.id);
    if (existing === undefined) this.guard.demand("create", address);
    this.guard.demand("consume", address);
    for (const one of request.addresses) this.access.checkCollectable(one);
    if (existing === undefined) router.checkLimit();
    const durable: DurableSubscription = existing ?? router.createDurable(address, undefined, request.limit);
    const attachment = new DurableAttachment(this, durable, inner);
    if (durable.filter?.text !== request.filter?.text) router.describe(durable);
    durable.filter = request.filter;
    attachment.rebind(request.addresses, request.withoutRetained ?? false);
    return attachment;
  }

  whenDurable(done: (error?: BrokerError) => void): void {
    const { committer } = this.host;
    if (committer.isIdle) done();
    else committer.afterDurable(done);
  }

  exists(address: Address): boolean {
    const { queues, topics, dsubs } = this.host.router;
    const map: ReadonlyMap<string, unknown> =
      address.kind === "queue" ? queues : address.kind === "topic" ? topics : dsubs;
    return map.has(address.id);
  }

  destroy(address: Address): void {
    const { router } = this.host;
    if (!this.exists(address)) return;
    this.access.checkDestroyable(address);
    if (ownerOf(address, this.host.brokerId) !== undefined) this.access.deleted.add(address);
    if (address.kind === "topic") this.#destroyTopic(router.topics.get(address.id)!);
    else if (address.kind === "queue") router.deleteQueue(router.queues.get(address.id)!);
    else router.deleteDurable(router.dsubs.get(address.id)!);
  }

  #destroyTopic(topic: Topic): void {
    if (topic.hasListeners) throw new BrokerError("DESTINATION_IN_USE", "Topic is in use.");
    this.host.router.deleteTopic(topic);
  }

  begin(): Transaction {
    const transaction = new ClientTransaction(this);
    this.#transactions.add(transaction);
    return transaction;
  }

  /** A transaction is over. */
  over(transaction: ClientTransaction): void {
    this.#transactions.delete(transaction);
  }

  /** A subscription ended by itself. */
  forget(subscription: ClientSubscription): void {
    this.#subscriptions.delete(subscription);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const congestion of this.#blockedBy) congestion.forget(this);
    this.#blockedBy.clear();
    this.#late.clear();
    for (const transaction of [...this.#transactions]) transaction.abort(); // what they hold is counted
    for (const subscription of this.#subscriptions) subscription.close();
    for (const subscription of [...this.#subscriptions]) subscription.cancel();
    this.host.forget(this);
  }
}
