import assert from "node:assert/strict";
import type { Consumer, Delivery, MessageFilter, Outcome, Subscription } from "@tsapollo/domain";
import { bodyText, sampleMessage } from "@tsapollo/testkit";
import { queue, type TestClient, TestConsumer, type TestHost } from "./harness.ts";

/** A message of a queue, said as simply as can be: who has it, how often it was sent, when it expires. */
export interface ModelEntry {
  readonly body: string;
  readonly sequence: number;
  readonly color: string;
  readonly group: string | undefined;
  /** Of a queue without priorities every message has the same. */
  readonly priority: number;
  readonly expiresAtMs: number;
  holder: ModelConsumer | undefined;
  count: number;
}

/** What a consumer does within one offer, besides taking the message. */
export type Reflex =
  | "take"
  | "consume"
  | "refuse"
  | "leave"
  | "leave and refuse"
  | "retry others"
  | "retry others and refuse"
  | "join"
  | "send";

/** How a consumer is set apart. */
export interface Wishes {
  readonly color: string | undefined;
  readonly exclusive: boolean;
  readonly fromSequence: number;
}

/** A consumer that checks every offer against the model before it takes it. */
export class ModelConsumer implements Consumer {
  readonly wishes: Wishes;
  readonly held: Map<ModelEntry, Delivery> = new Map();
  readonly reflexes: Reflex[] = [];
  credit = 0;
  gone = false;
  /** It said no: nothing may be offered until it resumes. */
  refused = false;
  subscription: Subscription | undefined = undefined;
  readonly #run: SelectiveRun;
  #offering = false;

  constructor(run: SelectiveRun, wishes: Wishes) {
    this.#run = run;
    this.wishes = wishes;
  }

  wants({ color, sequence }: ModelEntry): boolean {
    return (
      (this.wishes.color === undefined || this.wishes.color === color) && sequence >= this.wishes.fromSequence
    );
  }

  offer(delivery: Delivery): boolean {
    const wasOffering = this.#offering;
    this.#offering = true;
    try {
      assert.equal(wasOffering, false, "no offer within an offer");
      assert.equal(this.gone, false, "no offer after it left");
      assert.equal(this.refused, false, "no offer before it resumes");
      return this.#answer(delivery);
    } catch (error) {
      this.#run.failure ??= error; // the host shields others from it
      throw error;
    } finally {
      this.#offering = wasOffering;
    }
  }

  #answer(delivery: Delivery): boolean {
    const entry = this.#run.checkOffer(this, delivery);
    let reflex = this.credit === 0 ? "refuse" : (this.reflexes.shift() ?? "take");
    if (this.subscription === undefined && reflex.startsWith("leave")) reflex = "refuse"; // nothing to leave yet
    if (reflex.startsWith("retry others")) this.#retryAll();
    if (reflex === "join") this.#run.join({ color: undefined, exclusive: false, fromSequence: 0 }, 2, []);
    if (reflex === "refuse" || reflex === "retry others and refuse") {
      this.credit = 0;
      this.refused = true;
      return false;
    }
    this.credit -= 1;
    entry.holder = this;
    this.held.set(entry, delivery);
    if (reflex === "consume") this.#run.settle(this, entry, "consumed");
    if (reflex === "send" && !this.#run.committing)
      this.#run.send(entry.color, entry.group, 0, entry.priority);
    if (reflex === "leave" || reflex === "leave and refuse") this.#run.leave(this);
    return reflex !== "leave and refuse";
  }

  /** The latest first: they come back in the wrong order. */
  #retryAll(): void {
    for (const other of [...this.held.keys()].reverse()) this.#run.settle(this, other, "retry");
  }

  ended(): void {}
}

/** The settings of the queue under test. */
export interface RunSettings {
  readonly nakLimit: number;
  readonly gracefulHandoff: boolean;
  readonly dlqExpired: boolean;
  /** Whether consumers do things within offers: then only the end of each step is checked for order. */
  readonly reflexes: boolean;
}

/** Drives one queue and follows with the model. */
export class SelectiveRun {
  readonly entries: ModelEntry[] = [];
  readonly dead: string[] = [];
  readonly consumers: ModelConsumer[] = [];
  /** What was found wrong within an offer. */
  failure: unknown = undefined;
  /** A transaction is being applied: its messages have their sequences in the model already. */
  committing = false;
  readonly #host: TestHost;
  readonly #client: TestClient;
  readonly #settings: RunSettings;
  #sequence = 0;
  #groupsUsed = false;
  #joinedSpecially = false;

  constructor(host: TestHost, settings: RunSettings) {
    this.#host = host;
    this.#client = host.client();
    this.#settings = settings;
  }

  #isLive({ expiresAtMs }: ModelEntry): boolean {
    return expiresAtMs === 0 || expiresAtMs > this.#host.clock.nowMs();
  }

  #note(
    color: string,
    group: string | undefined,
    ttlMs: number,
    priority: number,
  ): Parameters<typeof sampleMessage> {
    this.#sequence += 1;
    const expiresAtMs = ttlMs === 0 ? 0 : this.#host.clock.nowMs() + ttlMs;
    const body = `${this.#sequence}${color}`;
    this.entries.push({
      body,
      sequence: this.#sequence,
      color,
      group,
      priority,
      expiresAtMs,
      holder: undefined,
      count: 0,
    });
    if (group !== undefined) this.#groupsUsed = true;
    return [body, { expiresAtMs, groupKey: group, priority, persistent: this.#sequence % 2 === 0 }];
  }

  send(color: string, group: string | undefined, ttlMs: number, priority: number): void {
    const message = sampleMessage(...this.#note(color, group, ttlMs, priority));
    this.#client.host.publish(queue("q"), message, 0);
  }

  join(wishes: Wishes, credit: number, reflexes: readonly Reflex[]): void {
    const fromSequence = wishes.fromSequence === -1 ? this.#sequence + 1 : wishes.fromSequence;
    const consumer = new ModelConsumer(this, { ...wishes, fromSequence });
    consumer.credit = credit;
    if (this.#settings.reflexes) consumer.reflexes.push(...reflexes);
    this.#joinedSpecially ||= wishes.exclusive || fromSequence > 0;
    this.consumers.push(consumer);
    const { color, exclusive } = wishes;
    const subscription = this.#client.host.subscribe(
      {
        addresses: [queue("q")],
        exclusive,
        fromSequence: wishes.fromSequence,
        ...(color === undefined ? {} : { filter: colorFilter(color) }),
      },
      consumer,
    );
    consumer.subscription = subscription;
    if (consumer.gone) subscription.cancel();
  }

  /** Everything it holds comes back and counts as sent. */
  leave(consumer: ModelConsumer): void {
    if (consumer.gone) return;
    consumer.gone = true;
    for (const entry of consumer.held.keys()) {
      entry.holder = undefined;
      entry.count += 1;
    }
    consumer.held.clear();
    consumer.subscription?.cancel();
  }

  resume(consumer: ModelConsumer, credit: number, reflexes: readonly Reflex[]): void {
    if (consumer.gone) return;
    consumer.credit += credit;
    consumer.refused = false;
    if (this.#settings.reflexes) consumer.reflexes.push(...reflexes);
    consumer.subscription!.resume();
  }

  settle(consumer: ModelConsumer, entry: ModelEntry, outcome: Outcome): void {
    const delivery = this.#release(consumer, entry, outcome);
    delivery.settle(outcome);
  }

  #release(consumer: ModelConsumer, entry: ModelEntry, outcome: Outcome): Delivery {
    const delivery = consumer.held.get(entry)!;
    consumer.held.delete(entry);
    entry.holder = undefined;
    const { nakLimit, dlqExpired } = this.#settings;
    if (outcome !== "undelivered") entry.count += 1;
    const isDead = outcome === "poisoned" && nakLimit > 0 && entry.count >= nakLimit;
    if (isDead || (outcome === "expired" && dlqExpired)) this.dead.push(entry.body);
    if (outcome === "consumed" || outcome === "expired" || isDead) this.#drop(entry);
    return delivery;
  }

  #drop(entry: ModelEntry): void {
    this.entries.splice(this.entries.indexOf(entry), 1);
  }

  /** Acknowledges the oldest of what a consumer holds and sends, all in one transaction. */
  transact(consumer: ModelConsumer, acks: number, colors: readonly string[], commits: boolean): void {
    const transaction = this.#client.host.begin();
    const settled = [...consumer.held].slice(0, acks);
    for (const [, delivery] of settled) transaction.settle(delivery, "consumed");
    if (!commits) {
      for (const color of colors) transaction.publish(queue("q"), sampleMessage(`never ${color}`));
      transaction.abort();
      transaction.commit(() => undefined);
      return;
    }
    for (const [entry] of settled) this.#release(consumer, entry, "consumed");
    const messages = colors.map((color) => sampleMessage(...this.#note(color, undefined, 0, 4)));
    for (const message of messages) transaction.publish(queue("q"), message);
    this.committing = true;
    transaction.commit((error) => assert.equal(error, undefined));
    this.committing = false;
  }

  /** A browser sees every entry, held or not, in order, and takes none. [messaging 5.7] */
  browse(color: string | undefined): void {
    const browser = new TestConsumer();
    let ends = 0;
    const consumer: Consumer = {
      offer: (delivery) => browser.offer(delivery),
      browsed: () => {
        ends += 1;
      },
      ended: (reason) => browser.ended(reason),
    };
    const filter = color === undefined ? {} : { filter: colorFilter(color) };
    this.#client.host.subscribe({ addresses: [queue("q")], browse: "once", ...filter }, consumer).cancel();
    const shown = this.entries.filter((entry) => color === undefined || entry.color === color);
    const live = shown.filter((entry) => this.#isLive(entry) || entry.holder !== undefined);
    assert.deepEqual(
      browser.bodies,
      live.map(({ body }) => body),
    );
    assert.equal(ends, 1);
  }

  /** Time passes; what has expired and nobody holds is swept. */
  wait(ms: number): void {
    this.#host.clock.advance(ms);
  }

  /** Whoever may take an entry: nobody else may while somebody exclusive wants it. [messaging 5.4] */
  #eligible(entry: ModelEntry): ModelConsumer[] {
    const all = this.consumers.filter((one) => !one.gone && one.wants(entry));
    const exclusive = all.find(({ wishes }) => wishes.exclusive);
    return exclusive === undefined ? all : [exclusive];
  }

  checkOffer(consumer: ModelConsumer, delivery: Delivery): ModelEntry {
    const body = bodyText(delivery.message);
    const entry = this.entries.find((one) => one.body === body);
    assert.ok(entry !== undefined, `${body} is gone`);
    assert.equal(entry.holder, undefined, `${body} is with one consumer at a time`);
    assert.ok(this.#isLive(entry), `${body} has expired`);
    assert.ok(this.#eligible(entry).includes(consumer), `${body} is for somebody else`);
    assert.equal(delivery.sequence, entry.sequence);
    assert.equal(delivery.redeliveryCount, entry.count, `sent before: ${body}`);
    if (!this.#settings.reflexes) this.#checkOrder(consumer, entry);
    this.#checkGroup(consumer, entry);
    return entry;
  }

  #checkOrder(consumer: ModelConsumer, entry: ModelEntry): void {
    const overtaken = this.entries.find(
      (one) =>
        isBefore(one, entry) &&
        !(this.committing && one.sequence > entry.sequence) && // it may be on its way into the queue
        one.holder === undefined &&
        one.group === undefined &&
        this.#isLive(one) &&
        this.#eligible(one).includes(consumer),
    );
    assert.equal(overtaken?.body, undefined, `${entry.body} overtakes`);
  }

  /** With graceful handoff nobody gets a message of a group that somebody else works on. [messaging 5.5] */
  #checkGroup(consumer: ModelConsumer, entry: ModelEntry): void {
    if (!this.#settings.gracefulHandoff || entry.group === undefined || this.#joinedSpecially) return;
    for (const other of this.entries) {
      if (other.group !== entry.group || other.color !== entry.color) continue;
      assert.ok(
        other.holder === undefined || other.holder === consumer,
        `group of ${entry.body} is elsewhere`,
      );
    }
  }

  /** Nothing waits while somebody who may take it has credit. */
  checkIdle(): void {
    if (this.failure !== undefined) throw this.failure;
    const somebodyHolds = this.entries.some(({ holder }) => holder !== undefined);
    const maySuspend = this.#groupsUsed && this.#settings.gracefulHandoff && somebodyHolds;
    if (maySuspend) return;
    for (const entry of this.entries) {
      if (entry.holder !== undefined || !this.#isLive(entry)) continue;
      const eligible = this.#eligible(entry);
      const hungry = eligible.filter(({ credit }) => credit > 0);
      const isStranded =
        entry.group === undefined
          ? hungry.length > 0
          : hungry.length > 0 && hungry.length === eligible.length;
      assert.ok(!isStranded, `${entry.body} waits while somebody has credit`);
    }
  }

  /** In the end everything that is left comes once more, in order; nothing remains in memory. */
  finish(): void {
    for (const consumer of this.consumers) this.leave(consumer);
    this.wait(2_000);
    for (const entry of this.entries.filter((one) => !this.#isLive(one))) {
      if (this.#settings.dlqExpired) this.dead.push(entry.body);
      this.#drop(entry);
    }
    const inOrder = this.entries.toSorted((one, other) => (isBefore(one, other) ? -1 : 1));
    assert.deepEqual(
      this.#drain("q"),
      inOrder.map(({ body }) => body),
    );
    assert.deepEqual(this.#drain("dlq.q").sort(), this.dead.sort());
    assert.equal(this.#host.engine.memory.usedBytes, 0);
  }

  #drain(name: string): string[] {
    const consumer = new TestConsumer();
    this.#client.host.subscribe({ addresses: [queue(name)] }, consumer);
    for (const delivery of consumer.deliveries) delivery.settle("consumed");
    return consumer.bodies;
  }
}

/** What goes out first: the higher priority, and within one what came first. */
function isBefore(one: ModelEntry, other: ModelEntry): boolean {
  return one.priority === other.priority ? one.sequence < other.sequence : one.priority > other.priority;
}

function colorFilter(color: string): MessageFilter {
  return { text: `color = '${color}'`, matches: (message) => bodyText(message).endsWith(color) };
}
