import assert from "node:assert/strict";
import { test } from "node:test";
import type { Address, Delivery, Outcome } from "@tsapollo/domain";
import { bodyText, FakeClock, sampleMessage, settled } from "@tsapollo/testkit";
import fc from "fast-check";
import { dsub, queue, startHostOn, type TestClient, TestConsumer, type TestHost, topic } from "./harness.ts";
import { queues } from "./selecting.ts";
import { Disk, SimpleStore } from "./simple-store.ts";

const T = topic("t");
const KEYS = ["queue:a", "queue:b", "dsub:one", "dsub:two"];
/** Where what is sent to an address must be. */
const PLACES: readonly (readonly [Address, readonly string[]])[] = [
  [queue("a"), ["queue:a"]],
  [queue("b"), ["queue:b"]],
  [T, ["dsub:one", "dsub:two"]],
];
/** More than a wait can take. */
const WAIT_ROUNDS = 9;

type Step =
  | { readonly what: "send"; readonly client: number; readonly place: number; readonly persistent: boolean }
  | {
      readonly what: "join";
      readonly place: number;
      readonly manner: "by hand" | "in the offer" | "in this turn";
    }
  | { readonly what: "settle"; readonly consumer: number; readonly outcome: Outcome }
  | { readonly what: "leave"; readonly consumer: number }
  | { readonly what: "turn" | "round" | "calm" | "slow store" | "quick store" | "kill" };

interface Sent {
  readonly places: Set<string>;
  isConfirmed: boolean;
}

/** Publishers, consumers and a process that may be killed; remembers what must be on the disk. */
class Model {
  readonly #disk: Disk = new Disk();
  readonly #clock: FakeClock = new FakeClock();
  #sent: Map<string, Sent> = new Map();
  #running!: TestHost<SimpleStore>;
  #clients: readonly TestClient[] = [];
  #consumers: { readonly consumer: TestConsumer; readonly key: string; leave(): void }[] = [];
  #waiting: { readonly client: number; readonly token: number; readonly body: string }[] = [];
  #counter = 0;

  async begin(): Promise<void> {
    const settings = { ...queues({ tailBufferBytes: 20, swapRangeSize: 3 }), patienceMs: 1 };
    this.#running = await startHostOn(new SimpleStore(this.#disk), this.#clock, settings);
    this.#clients = [0, 1].map(() => this.#running.client());
    const { host } = this.#running.client();
    for (const name of ["one", "two"])
      host.subscribe({ addresses: [T], durable: dsub(name) }, new TestConsumer()).cancel();
    for (const [client, { producer }] of this.#clients.entries()) {
      producer.confirmed = (token, error) => this.#confirmed(client, token, error);
    }
    this.#consumers = [];
    this.#waiting = [];
  }

  #confirmed(client: number, token: number, error: Error | undefined): void {
    assert.equal(error, undefined);
    const first = this.#waiting.findIndex((one) => one.client === client);
    const [one] = this.#waiting.splice(first, 1);
    assert.equal(one?.token, token, "confirmations of a client do not overtake each other");
    this.#sent.get(one!.body)!.isConfirmed = true;
    this.check();
  }

  /** What was confirmed and not consumed is on the disk. [messaging 10.1] */
  check(): void {
    for (const [body, { places, isConfirmed }] of this.#sent) {
      if (isConfirmed) for (const key of places) assert.ok(this.#isOnDisk(key, body), `${body} in ${key}`);
    }
  }

  #isOnDisk(key: string, body: string): boolean {
    for (const { description, entries } of this.#disk.queues.values()) {
      if (description.key !== key) continue;
      for (const { message } of entries.values()) if (bodyText(message) === body) return true;
    }
    return false;
  }

  async run(step: Step): Promise<void> {
    const { store } = this.#running;
    if (step.what === "send") this.#send(step.client, step.place, step.persistent);
    else if (step.what === "join") this.#join(KEYS[step.place]!, step.manner);
    else if (step.what === "settle") this.#settleNext(step.consumer, step.outcome);
    else if (step.what === "leave") for (const one of this.#consumers.splice(step.consumer, 1)) one.leave();
    else if (step.what === "turn") await settled();
    else if (step.what === "round") this.#clock.advance(1);
    else if (step.what === "kill") await this.#kill();
    else if (step.what === "calm") await this.calm();
    else {
      store.manual = step.what === "slow store";
      if (!store.manual) store.finish();
    }
    this.check();
  }

  #send(client: number, place: number, persistent: boolean): void {
    const [address, keys] = PLACES[place]!;
    this.#counter += 1;
    const token = this.#counter;
    const body = `m${token}`;
    this.#sent.set(body, { places: new Set(persistent ? keys : []), isConfirmed: false });
    this.#waiting.push({ client, token, body });
    const bytes = Buffer.from(body);
    const message = sampleMessage(body, { persistent, bytes, borrowed: true });
    this.#clients[client]!.host.publish(address, message, token);
    bytes.fill("#"); // read over
  }

  #join(key: string, manner: "by hand" | "in the offer" | "in this turn"): void {
    const consumer = new TestConsumer();
    const { offer } = consumer;
    consumer.offer = (delivery) => {
      offer.call(consumer, delivery);
      if (manner === "in the offer") this.#settle(key, consumer.deliveries.pop()!, "consumed");
      if (manner === "in this turn")
        queueMicrotask(() => this.#settle(key, consumer.deliveries.pop(), "consumed"));
      return true;
    };
    const { host } = this.#running.client();
    const isQueue = key.startsWith("queue:");
    if (!isQueue && this.#consumers.some((one) => one.key === key)) return; // one at a time
    const request = isQueue
      ? { addresses: [queue(key.slice(6))] }
      : { addresses: [T], durable: dsub(key.slice(5)) };
    const subscription = host.subscribe(request, consumer);
    const leave = (): void => {
      consumer.deliveries.length = 0; // they go back
      subscription.cancel();
    };
    this.#consumers.push({ consumer, key, leave });
  }

  #settleNext(at: number, outcome: Outcome): void {
    const one = this.#consumers[at];
    if (one !== undefined) this.#settle(one.key, one.consumer.deliveries.shift(), outcome);
  }

  #settle(key: string, delivery: Delivery | undefined, outcome: Outcome): void {
    if (delivery === undefined) return;
    if (outcome === "consumed") this.#sent.get(bodyText(delivery.message))!.places.delete(key);
    delivery.settle(outcome);
  }

  async #kill(): Promise<void> {
    this.#running.store.kill();
    for (const { consumer } of this.#consumers) consumer.deliveries.length = 0;
    this.#forgetUnconfirmed();
    await this.begin();
  }

  /** Nobody knows what became of them. */
  #forgetUnconfirmed(): void {
    this.#sent = new Map(
      [...this.#sent].map(([body, sent]) => [body, sent.isConfirmed ? sent : { ...sent, places: new Set() }]),
    );
  }

  /** A store that works, and as long as a wait can take: nobody waits longer. */
  async calm(): Promise<void> {
    this.#running.store.manual = false;
    for (let rounds = 0; rounds < WAIT_ROUNDS; rounds += 1) {
      this.#running.store.finish();
      for (let turns = 0; turns < 4; turns += 1) await settled();
      this.#clock.advance(1);
    }
    assert.deepEqual(this.#waiting, []);
  }
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant("send" as const),
      client: fc.nat(1),
      place: fc.nat(PLACES.length - 1),
      persistent: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant("join" as const),
      place: fc.nat(KEYS.length - 1),
      manner: fc.constantFrom("by hand" as const, "in the offer" as const, "in this turn" as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant("settle" as const),
      consumer: fc.nat(3),
      outcome: fc.constantFrom<Outcome>("consumed", "consumed", "consumed", "retry", "undelivered"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("leave" as const), consumer: fc.nat(3) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constantFrom(
        "turn",
        "turn",
        "turn",
        "round",
        "round",
        "calm",
        "slow store",
        "quick store",
        "kill",
      ),
    }),
  },
);

test("a confirmed message is on the disk wherever it was not consumed, at any moment [messaging 10.1, 10.2]", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 30, maxLength: 120 }), async (all) => {
      const model = new Model();
      await model.begin();
      for (const step of all) await model.run(step);
      await model.calm();
      model.check();
    }),
    { numRuns: 100 },
  );
});
