import {
  type Address,
  type Admission,
  BrokerError,
  type Consumer,
  type Delivery,
  type LoginRequest,
  type Message,
  type NamedStates,
  NO_TOKEN,
  type Outcome,
  type Producer,
  type Reception,
  type SubscribeRequest,
  type Subscription,
  type Transaction,
  type VirtualHost,
} from "@tsapollo/domain";

/** What a handler published. The message owns its bytes. */
export interface Published {
  readonly address: Address;
  readonly message: Message;
  readonly token: number;
}

/** A subscription a handler made, with the consumer to offer to. */
export class RecordedSubscription implements Subscription {
  readonly request: SubscribeRequest;
  readonly consumer: Consumer;
  readonly addresses: Map<string, Address>;
  /** What was added after it was made, in order. */
  readonly added: { readonly address: Address; readonly withoutRetained: boolean }[] = [];
  /** How often credit was announced. */
  resumed = 0;
  cancelled = false;

  constructor(request: SubscribeRequest, consumer: Consumer) {
    this.request = request;
    this.consumer = consumer;
    this.addresses = new Map(request.addresses.map((address) => [address.key, address]));
  }
  add(address: Address, withoutRetained = false): void {
    this.addresses.set(address.key, address);
    this.added.push({ address, withoutRetained });
  }
  remove(address: Address): boolean {
    return this.addresses.delete(address.key);
  }
  resume(caughtUp?: () => void): void {
    this.resumed += 1;
    caughtUp?.();
  }
  cancel(): void {
    this.cancelled = true;
  }
}

/** A delivery made by a test; remembers how it was settled. */
export class TestDelivery implements Delivery {
  readonly message: Message;
  readonly address: Address;
  readonly sequence: number;
  readonly redeliveryCount: number;
  readonly retained: boolean;
  outcome: Outcome | undefined = undefined;

  constructor(
    message: Message,
    address: Address,
    rest?: Partial<Pick<Delivery, "sequence" | "redeliveryCount" | "retained">>,
  ) {
    this.message = message;
    this.address = address;
    this.sequence = rest?.sequence ?? 1;
    this.redeliveryCount = rest?.redeliveryCount ?? 0;
    this.retained = rest?.retained ?? false;
  }
  settle(outcome: Outcome): void {
    this.outcome ??= outcome;
  }
}

/** Named values in memory. `done` is called from a microtask, or from `confirmAll` while `confirming` is false. */
export class RecordedStates implements NamedStates {
  readonly values: Map<string, Uint8Array> = new Map();
  confirming = true;
  readonly #unconfirmed: ((error?: BrokerError) => void)[] = [];

  get(key: string): Uint8Array | undefined {
    return this.values.get(key);
  }
  keys(prefix: string): readonly string[] {
    return [...this.values.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
  save(key: string, encode: () => Uint8Array | undefined, done?: (error?: BrokerError) => void): void {
    const value = encode();
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    if (done === undefined) return;
    if (this.confirming) queueMicrotask(done);
    else this.#unconfirmed.push(done);
  }
  confirmAll(): void {
    for (const done of this.#unconfirmed.splice(0)) done();
  }
}

/** A virtual host that routes nothing and remembers everything. */
export class RecordingHost implements VirtualHost {
  readonly id: string = "default";
  readonly states: RecordedStates = new RecordedStates();
  readonly published: Published[] = [];
  readonly subscriptions: RecordedSubscription[] = [];
  readonly destroyed: Address[] = [];
  readonly existing: Set<string> = new Set();
  /** Refuses what it names, by address key. */
  readonly refusals: Map<string, BrokerError> = new Map();
  /** `false`: `publish` says the destination is full. */
  accepting = true;
  /** `false`: confirmations wait for `confirmAll`. */
  confirming = true;
  /** Refuses every commit. */
  refuseCommits: BrokerError | undefined = undefined;
  /** `false`: `whenDurable` calls back at {@link RecordingHost.store}. */
  storing = true;
  closed = false;
  readonly #unstored: (() => void)[] = [];
  readonly #unconfirmed: number[] = [];
  #producer: Producer | undefined;

  bind(producer: Producer): void {
    this.#producer = producer;
  }
  get producer(): Producer {
    return this.#producer!;
  }
  publish(address: Address, message: Message, token: number): boolean {
    const refusal = this.refusals.get(address.key);
    if (refusal !== undefined) {
      this.#producer?.confirmed(token, refusal);
      return true;
    }
    message.own();
    this.published.push({ address, message, token });
    if (token !== NO_TOKEN) {
      if (this.confirming) this.#producer?.confirmed(token);
      else this.#unconfirmed.push(token);
    }
    return this.accepting;
  }
  publishToAll(addresses: readonly Address[], message: Message, token: number): boolean {
    const refusal = addresses
      .map((address) => this.refusals.get(address.key))
      .find((one) => one !== undefined);
    if (refusal !== undefined) {
      this.#producer?.confirmed(token, refusal);
      return true;
    }
    let accepted = true;
    addresses.forEach((address, at) => {
      accepted = this.publish(address, message, at === addresses.length - 1 ? token : NO_TOKEN) && accepted;
    });
    return accepted;
  }
  publishToMatching(addresses: readonly Address[], message: Message, token: number): boolean {
    return this.publishToAll(addresses, message, token);
  }
  confirmAll(): void {
    for (const token of this.#unconfirmed.splice(0)) this.#producer?.confirmed(token);
  }
  subscribe(request: SubscribeRequest, consumer: Consumer): Subscription {
    for (const address of request.addresses) {
      const refusal = this.refusals.get(address.key);
      if (refusal !== undefined) throw refusal;
    }
    const subscription = new RecordedSubscription(request, consumer);
    this.subscriptions.push(subscription);
    if (request.durable !== undefined) this.existing.add(request.durable.key);
    return subscription;
  }
  whenDurable(done: (error?: BrokerError) => void): void {
    if (this.storing) done();
    else this.#unstored.push(done);
  }
  /** Everything so far is durable now. */
  store(): void {
    for (const done of this.#unstored.splice(0)) done();
  }
  exists(address: Address): boolean {
    return this.existing.has(address.key);
  }
  destroy(address: Address): void {
    const refusal = this.refusals.get(address.key);
    if (refusal !== undefined) throw refusal;
    this.existing.delete(address.key);
    this.destroyed.push(address);
  }
  begin(): Transaction {
    return new RecordedTransaction(this);
  }
  close(): void {
    this.closed = true;
  }
}

class RecordedTransaction implements Transaction {
  readonly #host: RecordingHost;
  readonly #actions: (() => void)[] = [];
  #refusal: BrokerError | undefined;

  constructor(host: RecordingHost) {
    this.#host = host;
  }
  get refusal(): BrokerError | undefined {
    return this.#refusal;
  }
  publishToMatching(addresses: readonly Address[], message: Message): void {
    for (const address of addresses) this.publish(address, message);
  }
  publish(address: Address, message: Message): void {
    message.own();
    this.#refusal ??= this.#host.refusals.get(address.key);
    this.#actions.push(() => void this.#host.publish(address, message, NO_TOKEN));
  }
  settle(delivery: Delivery, outcome: Outcome): void {
    this.#actions.push(() => delivery.settle(outcome));
  }
  commit(done: (error?: BrokerError) => void): void {
    const refusal = this.#refusal ?? this.#host.refuseCommits;
    if (refusal !== undefined) return done(refusal);
    for (const action of this.#actions) action();
    done();
  }
  abort(): void {
    this.#actions.length = 0;
  }
}

/** A reception that lets everybody in to one recording host, or refuses. */
export class TestReception implements Reception {
  readonly brokerId: string = "default";
  readonly version: string = "0.0.0-test";
  readonly host: RecordingHost = new RecordingHost();
  readonly logins: LoginRequest[] = [];
  /** Set it to refuse logins. */
  refusal: BrokerError | undefined = undefined;
  /** User name of admitted clients; undefined means no authentication. */
  userName: string | undefined = undefined;

  async login(request: LoginRequest): Promise<Admission> {
    this.logins.push(request);
    if (this.refusal !== undefined) throw this.refusal;
    if (request.hostName === "invalid")
      throw new BrokerError("HOST_UNKNOWN", "Invalid virtual host: invalid");
    this.host.bind(request.producer);
    const identity = this.userName === undefined ? undefined : { principals: [], userName: this.userName };
    return { host: this.host, identity, clientId: `default-${this.logins.length.toString(16)}` };
  }
}
