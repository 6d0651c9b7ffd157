import {
  type Address,
  BrokerError,
  type Consumer,
  type Message,
  type NamedStates,
  NO_TOKEN,
  type Producer,
  type SubscribeRequest,
  type Subscription,
  type Transaction,
  type VirtualHost,
} from "@tsapollo/domain";
import type { Congestion, Waiting } from "../congestion.ts";
import { Fifo } from "../fifo.ts";
import type { DurableSubscription } from "../queue/durable-subscription.ts";
import type { Queue } from "../queue/queue.ts";
import type { Topic } from "../topic/topic.ts";
import { TopicDelivery } from "../topic/topic-delivery.ts";
import { ClientSubscription } from "./client-subscription.ts";
import { ClientTransaction } from "./client-transaction.ts";
import type { Confirmed } from "./committer.ts";
import { DurableAttachment } from "./durable-attachment.ts";
import type { Guard } from "./guard.ts";
import type { HostEngine } from "./host-engine.ts";
import { receiveRight } from "./receive-right.ts";
import type { Late, Route } from "./route.ts";
import { ShieldedConsumer } from "./shielded-consumer.ts";
import { isTemporary, ownerOf } from "./temporary.ts";

/** Routes one client may remember; past it all are forgotten, which is simpler than finding the oldest. */
const ROUTES_MAX = 1_024;

/** A virtual host as one client sees it: its rights, its subscriptions, what it waits for. */
export class Client implements VirtualHost, Waiting, Confirmed {
  readonly id: string;
  readonly host: HostEngine;
  readonly guard: Guard;
  readonly states: NamedStates;
  readonly producer: Producer;
  /** Unique among the host's clients; owns temporary destinations. */
  readonly clientId: string;
  unconfirmed = 0;
  readonly #routes: Map<Address, Route> = new Map();
  #lastRoute: Route | undefined = undefined;
  readonly #blockedBy: Set<Congestion> = new Set();
  /** Messages for queues that were full, and what came after them: one read's worth at the most. */
  readonly #late: Fifo<Late> = new Fifo();
  readonly #subscriptions: Set<ClientSubscription> = new Set();
  readonly #receiveRight: (topicId: string) => boolean;
  #closed = false;

  constructor(host: HostEngine, guard: Guard, producer: Producer, clientId: string) {
    this.clientId = clientId;
    this.id = host.id;
    this.host = host;
    this.guard = guard;
    this.states = host.states;
    this.producer = producer;
    this.#receiveRight = receiveRight(guard, host.router, host.brokerId, clientId);
  }

  publish(address: Address, message: Message, token: number): boolean {
    if (this.#closed) return true;
    const route = this.routeTo(address);
    if (route.refusal !== undefined) {
      this.producer.confirmed(token, route.refusal);
      return true;
    }
    if (this.#late.length > 0 || (route.queue?.mustWait ?? false)) {
      this.#holdBack(route, message, token);
      return false;
    }
    this.#deliverNow(route, message, token);
    return this.#blockedBy.size === 0;
  }

  #deliverNow(route: Route, message: Message, token: number): void {
    const { committer } = this.host;
    const operationsBefore = committer.operations;
    this.deliver(route, message);
    if (token !== NO_TOKEN) committer.confirm(this, token, operationsBefore);
  }

  /** A message for a full queue waits here, unconfirmed, and with it what follows: producers stop now. [messaging 11] */
  #holdBack({ address, queue }: Route, message: Message, token: number): void {
    message.own();
    this.#late.push({ address, message, token });
    if (queue?.mustWait) this.#wait(queue.congestion);
  }

  /** What was held back goes to its queues, in order, as far as there is room. */
  #deliverLate(): void {
    for (let next = this.#late.peek(); next !== undefined; next = this.#late.peek()) {
      const route = this.routeTo(next.address);
      if (route.queue?.mustWait) {
        this.#wait(route.queue.congestion);
        return;
      }
      this.#late.shift();
      if (route.refusal !== undefined) this.producer.confirmed(next.token, route.refusal);
      else this.#deliverNow(route, next.message, next.token);
    }
  }

  publishToAll(addresses: readonly Address[], message: Message, token: number): boolean {
    if (this.#closed) return true;
    const routes = addresses.map((address) => this.routeTo(address));
    const refusals = routes.flatMap(({ refusal }) => refusal ?? []);
    if (refusals.length > 0) {
      const text = refusals.map((refusal) => refusal.message).join("; ");
      this.producer.confirmed(token, new BrokerError(refusals[0]!.code, text));
      return true;
    }
    const { committer } = this.host;
    const operationsBefore = committer.operations;
    const reached = new Set<Topic | Queue>();
    for (const route of routes) {
      const destination = route.topic ?? route.queue!;
      if (reached.has(destination)) continue; // named twice, or a mirrored queue and its topic: one copy
      reached.add(destination);
      this.deliver(route, message);
      if (route.queue?.mustWait) this.#wait(route.queue.congestion);
    }
    if (token !== NO_TOKEN) committer.confirm(this, token, operationsBefore);
    return this.#blockedBy.size === 0;
  }

  /** Hands a message to the route's destination; what is full is remembered in `blockedBy`. */
  deliver(route: Route, message: Message): void {
    const { topic, queue } = route;
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
  }

  relieved(congestion: Congestion): void {
    if (!this.#blockedBy.delete(congestion) || this.#blockedBy.size > 0 || this.#closed) return;
    this.#deliverLate();
    if (this.#blockedBy.size === 0) this.producer.resumed();
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
      const isTopic = address.kind === "topic";
      const topic = isTopic ? this.topicFor(address, "send") : undefined;
      const queue = isTopic ? undefined : this.queueFor(address, "send");
      if (queue?.settings.mirrored) {
        const mirrored = this.host.router.mirrorTopic(queue.address);
        return { address, topic: mirrored, queue, refusal: undefined, guardGeneration };
      }
      return { address, topic, queue, refusal: undefined, guardGeneration };
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      return { address, topic: undefined, queue: undefined, refusal: error, guardGeneration };
    }
  }

  /**
   * The topic of a name, made if need be, after the checks for an action.
   * @throws BrokerError
   */
  topicFor(address: Address, action: "send" | "receive"): Topic {
    refusePattern(address);
    if (action !== "send") this.#checkOwner(address);
    const existing = this.host.router.topics.get(address.id);
    if (existing === undefined) this.#checkCreate(address);
    this.guard.demand(action, address);
    return existing ?? this.host.router.createTopic(address);
  }

  /**
   * The queue, or the queue of the durable subscription, of a name, made if need be, after the checks.
   * @throws BrokerError
   */
  queueFor(address: Address, action: "send" | "consume" | "receive"): Queue {
    refusePattern(address);
    if (action !== "send") this.#checkOwner(address);
    if (address.kind === "dsub") {
      const durable = this.host.router.dsubs.get(address.id);
      if (durable === undefined) {
        const text =
          action === "send" ? "The destination does not exist." : "Durable subscription does not exist";
        throw new BrokerError("DESTINATION_MISSING", text);
      }
      this.guard.demand(action, address);
      return durable.queue;
    }
    const existing = this.host.router.queues.get(address.id);
    if (existing === undefined) this.#checkCreate(address);
    this.guard.demand(action, address);
    return existing ?? this.host.router.createQueue(address);
  }

  /** Whether a destination is not another client's temporary one. */
  ownsOrShares(address: Address): boolean {
    const owner = ownerOf(address, this.host.brokerId);
    return owner === undefined || owner === this.clientId;
  }

  /** Only its owner may consume from a temporary destination. [messaging 2.9] */
  #checkOwner(address: Address): void {
    const owner = ownerOf(address, this.host.brokerId);
    if (owner === undefined || owner === this.clientId) return;
    const text = `Not authorized to receive from the temporary destination. Principals=${this.guard.principals}`;
    throw new BrokerError("ACCESS_DENIED", text);
  }

  #checkCreate(address: Address): void {
    if (!this.host.router.autoCreates) {
      throw new BrokerError("DESTINATION_MISSING", "The destination does not exist.");
    }
    const owner = ownerOf(address, this.host.brokerId);
    if (owner !== undefined && !this.host.hasClient(owner)) {
      // it would go with the next sweep, and whoever sends would never learn that nobody can answer any more
      throw new BrokerError("DESTINATION_MISSING", "The destination does not exist.");
    }
    this.guard.demand("create", address);
    this.host.router.checkLimit();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Whether the client may see what is published to a topic, by its id. */
  mayReceiveTopic(topicId: string): boolean {
    return this.#receiveRight(topicId);
  }

  /** Whether the client may take from, or look at, a destination that a pattern of its covers. */
  mayTake(action: "consume" | "receive", address: Address): boolean {
    return this.#owns(address) && this.guard.may(action, address);
  }

  #owns(address: Address): boolean {
    const { brokerId } = this.host;
    return !isTemporary(address, brokerId) || ownerOf(address, brokerId) === this.clientId;
  }

  subscribe(request: SubscribeRequest, consumer: Consumer): Subscription {
    if (this.#closed) throw new BrokerError("HOST_STOPPED", "The client has left the virtual host");
    const shielded = new ShieldedConsumer(consumer, (failed, error) =>
      this.host.consumerFailed(failed, error),
    );
    const subscription = new ClientSubscription(this, shielded, request);
    this.#subscriptions.add(subscription);
    try {
      if (request.durable !== undefined) return this.#attach(request.durable, request, subscription);
      for (const address of request.addresses) subscription.add(address);
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
    for (const one of request.addresses) this.checkCollectable(one);
    if (existing === undefined) router.checkLimit();
    const durable: DurableSubscription = existing ?? router.createDurable(address);
    const attachment = new DurableAttachment(this, durable, inner);
    durable.filter = request.filter;
    attachment.rebind(request.addresses);
    return attachment;
  }

  /**
   * Checks that a durable subscription of this client may collect from an address.
   * @throws BrokerError BAD_ADDRESS, ACCESS_DENIED
   */
  checkCollectable(address: Address): void {
    if (address.kind !== "topic") {
      const text = "A persistent subscription can only be used on a topic destination";
      throw new BrokerError("BAD_ADDRESS", text);
    }
    if (address.isPattern) return;
    this.#checkOwner(address);
    this.guard.demand("receive", address);
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
    if (!this.#owns(address)) {
      const text = `Not authorized to destroy the temp ${address.kind} '${address.id}'. Principals=${this.guard.principals}`;
      throw new BrokerError("ACCESS_DENIED", text);
    }
    this.guard.demand("destroy", address);
    if (address.kind === "topic") this.#destroyTopic(router.topics.get(address.id)!);
    else if (address.kind === "queue") router.deleteQueue(router.queues.get(address.id)!);
    else router.deleteDurable(router.dsubs.get(address.id)!);
  }

  #destroyTopic(topic: Topic): void {
    if (topic.hasListeners) throw new BrokerError("DESTINATION_IN_USE", "Topic is in use.");
    this.host.router.deleteTopic(topic);
  }

  begin(): Transaction {
    return new ClientTransaction(this);
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
    for (const subscription of [...this.#subscriptions]) subscription.cancel();
    this.host.forget(this);
  }
}

function refusePattern(address: Address): void {
  if (address.isPattern) throw new BrokerError("BAD_ADDRESS", `Cannot send to the pattern '${address.id}'`);
}
