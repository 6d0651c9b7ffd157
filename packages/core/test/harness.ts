import {
  type Address,
  type Authorizer,
  type Consumer,
  type Delivery,
  type Message,
  type MessageStore,
  Address as Name,
  type Producer,
  parseId,
  SILENT_LOGGER,
  type VirtualHost,
} from "@tsapollo/domain";
import { bodyText, FakeClock, PLAIN_CODEC, sampleMessage } from "@tsapollo/testkit";
import { DEFAULT_HOST_SETTINGS, HostEngine, type HostSettings } from "../src/index.ts";
import { ForgetfulStore } from "./forgetful-store.ts";

/** A consumer that remembers and settles only when told. */
export class TestConsumer implements Consumer {
  readonly deliveries: Delivery[] = [];
  /** Messages it takes before it says no. */
  credit: number = Number.POSITIVE_INFINITY;
  /** Settles in the offer, as automatic acknowledgement does. */
  auto = false;
  reason: string | undefined = undefined;

  offer(delivery: Delivery): boolean {
    if (this.credit === 0) return false;
    this.credit -= 1;
    delivery.message.own();
    this.deliveries.push(delivery);
    if (this.auto) delivery.settle("consumed");
    return true;
  }
  ended(reason: { message: string }): void {
    this.reason = reason.message;
  }
  get bodies(): string[] {
    return this.deliveries.map(({ message }) => bodyText(message));
  }
}

export class TestProducer implements Producer {
  readonly confirmations: (number | string)[] = [];
  resumptions = 0;
  confirmed(token: number, error?: Error): void {
    this.confirmations.push(error === undefined ? token : `${token}: ${error.message}`);
  }
  resumed(): void {
    this.resumptions += 1;
  }
}

export interface TestClient {
  readonly host: VirtualHost;
  readonly producer: TestProducer;
  readonly clientId: string;
  send(address: Address, text: string, rest?: Partial<Message>): boolean;
}

export interface TestHost<Store extends MessageStore = ForgetfulStore> {
  readonly engine: HostEngine;
  readonly clock: FakeClock;
  readonly store: Store;
  client(user?: string): TestClient;
}

/** A running host with any settings changed, whose store writes down what it was asked. */
export async function startHost(changed?: Partial<HostSettings>, authorizer?: Authorizer): Promise<TestHost> {
  return startHostOn(new ForgetfulStore(), new FakeClock(), changed, authorizer);
}

/** A running host on a store. */
export async function startHostOn<Store extends MessageStore>(
  store: Store,
  clock: FakeClock,
  changed?: Partial<HostSettings>,
  authorizer?: Authorizer,
): Promise<TestHost<Store>> {
  const settings = { ...DEFAULT_HOST_SETTINGS, ...changed };
  const engine = new HostEngine({
    id: "default",
    brokerId: "default",
    settings,
    store,
    stores: true,
    authorizer,
    clock,
    logger: SILENT_LOGGER,
    codecs: (id) => (id === PLAIN_CODEC.id ? PLAIN_CODEC : undefined),
    makeFilter: (text) => ({
      text,
      matches: (message) => bodyText(message).includes(text),
    }),
  });
  await engine.start();
  const client = (user = "u"): TestClient => {
    const producer = new TestProducer();
    const { host, clientId } = engine.admit({ principals: [], userName: user }, "tcp", producer);
    let token = 0;
    return {
      host,
      clientId,
      producer,
      send: (address, text, rest) => host.publish(address, sampleMessage(text, rest), ++token),
    };
  };
  return { engine, clock, store, client };
}

export function queue(id: string): Address {
  return new Name("queue", parseId(id));
}
export function topic(id: string): Address {
  return new Name("topic", parseId(id));
}
export function dsub(id: string): Address {
  return new Name("dsub", parseId(id));
}
