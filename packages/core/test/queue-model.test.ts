import assert from "node:assert/strict";
import { test } from "node:test";
import type { Delivery, Subscription } from "@tsapollo/domain";
import { bodyText } from "@tsapollo/testkit";
import fc from "fast-check";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { queue, startHost, TestConsumer, type TestHost } from "./harness.ts";

interface ModelEntry {
  readonly body: string;
  readonly priority: number;
  readonly expiresAtMs: number;
  holder: number | undefined;
  count: number;
}

/** What a queue is, said as simply as can be: a list, and who holds what. */
class ModelQueue {
  readonly entries: ModelEntry[] = [];

  add(entry: ModelEntry): void {
    const at = this.entries.findIndex(({ priority }) => priority < entry.priority);
    this.entries.splice(at === -1 ? this.entries.length : at, 0, entry);
  }

  ready(nowMs: number): ModelEntry | undefined {
    for (let at = 0; at < this.entries.length; at += 1) {
      const entry = this.entries[at]!;
      if (entry.holder !== undefined) continue;
      if (entry.expiresAtMs === 0 || entry.expiresAtMs > nowMs) return entry;
      this.entries.splice(at, 1);
      at -= 1;
    }
    return undefined;
  }
}

interface Member {
  readonly consumer: TestConsumer;
  subscription: Subscription;
  seen: number;
  gone: boolean;
}

type Step =
  | { what: "send"; ttlMs: number; priority: number }
  | { what: "join"; credit: number }
  | { what: "leave" | "resume" | "consume" | "retry" | "undelivered"; pick: number }
  | { what: "wait"; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("send" as const),
      ttlMs: fc.constantFrom(0, 0, 0, 50, 5_000),
      priority: fc.constantFrom(4, 4, 4, 0, 5, 9),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant("join" as const), credit: fc.integer({ min: 0, max: 4 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom(
        "leave" as const,
        "resume" as const,
        "consume" as const,
        "consume" as const,
        "retry" as const,
        "undelivered" as const,
      ),
      pick: fc.nat(50),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant("wait" as const), ms: fc.constantFrom(10, 100, 2_000) }),
  },
);

/** Runs the steps on the engine and follows with the model: every delivery must be the one the model allows. */
class Run {
  readonly model = new ModelQueue();
  readonly members: Member[] = [];
  readonly #host: TestHost;
  readonly #client: ReturnType<TestHost["client"]>;
  #sent = 0;

  readonly #byPriority: boolean;

  constructor(host: TestHost, byPriority: boolean) {
    this.#byPriority = byPriority;
    this.#host = host;
    this.#client = host.client();
  }

  apply(one: Step): void {
    switch (one.what) {
      case "send": {
        this.#sent += 1;
        const expiresAtMs = one.ttlMs === 0 ? 0 : this.#host.clock.nowMs() + one.ttlMs;
        const priority = this.#byPriority ? one.priority : 4;
        this.model.add({ body: String(this.#sent), priority, expiresAtMs, holder: undefined, count: 0 });
        this.#client.send(queue("q"), String(this.#sent), { expiresAtMs, priority });
        break;
      }
      case "join": {
        const consumer = new TestConsumer();
        consumer.credit = one.credit;
        const member = { consumer, seen: 0, gone: false } as Partial<Member> as Member;
        this.members.push(member);
        Object.assign(member, {
          subscription: this.#client.host.subscribe({ addresses: [queue("q")] }, consumer),
        });
        break;
      }
      case "wait":
        this.#host.clock.advance(one.ms);
        break;
      default:
        this.#touch(one.what, one.pick);
    }
    this.#follow();
  }

  #touch(what: string, pick: number): void {
    if (this.members.length === 0) return;
    const index = pick % this.members.length;
    const member = this.members[index]!;
    if (member.gone) return;
    if (what === "resume") {
      member.consumer.credit += 2;
      member.subscription.resume();
      return;
    }
    if (what === "leave") {
      for (const entry of this.model.entries) {
        if (entry.holder !== index) continue;
        entry.holder = undefined;
        entry.count += 1;
      }
      member.gone = true;
      member.subscription.cancel();
      return;
    }
    const held = this.model.entries.filter(({ holder }) => holder === index);
    const entry = held[pick % Math.max(1, held.length)];
    if (entry === undefined) return;
    const delivery = member.consumer.deliveries.findLast(
      (one) => bodyText(one.message) === entry.body,
    ) as Delivery;
    entry.holder = undefined;
    if (what === "consume") this.model.entries.splice(this.model.entries.indexOf(entry), 1);
    if (what === "retry") entry.count += 1;
    delivery.settle(what === "consume" ? "consumed" : (what as "retry"));
  }

  /** Gives the model what the consumers got, in order: order, single delivery and counters must agree. */
  #follow(): void {
    const fresh = this.members.flatMap((member, index) => {
      const added = member.consumer.deliveries.slice(member.seen);
      member.seen = member.consumer.deliveries.length;
      return added.map((delivery) => ({ index, delivery }));
    });
    const rank = ({ message, sequence }: Delivery): number => sequence - message.priority * 1_000;
    fresh.sort((a, b) => rank(a.delivery) - rank(b.delivery));
    for (const { index, delivery } of fresh) {
      const entry = this.model.ready(this.#host.clock.nowMs());
      assert.ok(entry !== undefined, `nothing to deliver, got ${bodyText(delivery.message)}`);
      assert.equal(bodyText(delivery.message), entry.body, "the first ready entry goes out first");
      assert.equal(delivery.redeliveryCount, entry.count);
      entry.holder = index;
    }
    const hungry = this.members.some(({ consumer, gone }) => !gone && consumer.credit > 0);
    assert.ok(
      !hungry || this.model.ready(this.#host.clock.nowMs()) === undefined,
      "nothing waits while somebody has credit",
    );
  }

  /** In the end a consumer with all the credit gets everything that is left, in order. */
  finish(): void {
    for (const { subscription } of this.members) subscription.cancel();
    const rest = new TestConsumer();
    for (const entry of this.model.entries) entry.holder = undefined;
    const nowMs = this.#host.clock.nowMs();
    const expected = this.model.entries
      .filter((one) => one.expiresAtMs === 0 || one.expiresAtMs > nowMs)
      .map(({ body }) => body);
    this.#client.host.subscribe({ addresses: [queue("q")] }, rest);
    assert.deepEqual(rest.bodies, expected);
    for (const delivery of rest.deliveries) delivery.settle("consumed");
    assert.equal(this.#host.engine.memory.usedBytes, 0, "all memory is given back");
  }
}

for (const priority of [false, true]) {
  test(`random sends, joins, settlements and departures never diverge from a list, priorities ${priority} [messaging 5]`, async () => {
    const scenario = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
      const settings = { ...DEFAULT_QUEUE_SETTINGS, priority };
      const run = new Run(await startHost({ queues: [{ filter: undefined, settings }] }), priority);
      for (const one of steps) run.apply(one);
      run.finish();
    });
    await fc.assert(scenario, { numRuns: 2_000 });
  });
}
