import assert from "node:assert/strict";
import type { Delivery, MessageFilter, Subscription } from "@tsapollo/domain";
import { bodyText, FakeClock } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS } from "../src/index.ts";
import { queue, startHostOn, TestConsumer, type TestHost } from "./harness.ts";
import { Disk, SimpleStore } from "./simple-store.ts";

/** What a stored queue's message is to the model. */
interface ModelEntry {
  readonly body: string;
  readonly sequence: number;
  readonly persistent: boolean;
  readonly expiresAtMs: number;
  holder: Member | undefined;
  count: number;
}

interface Member {
  readonly consumer: TestConsumer;
  readonly filter: MessageFilter | undefined;
  readonly exclusive: boolean;
  readonly fromSequence: number;
  subscription: Subscription | undefined;
  seen: number;
}

/** One thing that may happen to a stored queue. */
export type PagingStep =
  | { readonly what: "send"; readonly count: number; readonly ttlMs: number; readonly persistent: boolean }
  | {
      readonly what: "join";
      readonly credit: number;
      readonly digit: number;
      readonly exclusive: boolean;
      /** So many sequences before the last one; above 40: from the beginning. */
      readonly back: number;
    }
  | { readonly what: "leave" | "resume" | "consume" | "retry" | "undelivered"; readonly pick: number }
  | { readonly what: "wait"; readonly ms: number }
  | { readonly what: "browse" | "kill" | "stop" };

/** So small that nearly everything is paged out, three entries at a time. */
const SETTINGS = { ...DEFAULT_QUEUE_SETTINGS, tailBufferBytes: 8, swapRangeSize: 3, autoDeleteAfterMs: 0 };
const HOST = { flushDelayMs: -1, queues: [{ filter: undefined, settings: SETTINGS }] };

/** Runs the steps on an engine whose queue does not fit into memory, and follows with a plain list. */
export class PagingRun {
  readonly #disk = new Disk();
  readonly #clock = new FakeClock();
  #entries: ModelEntry[] = [];
  #members: Member[] = [];
  #host: TestHost<SimpleStore> | undefined = undefined;
  #client: ReturnType<TestHost["client"]> | undefined = undefined;
  #sent = 0;
  #sequence = 0;

  async start(): Promise<void> {
    this.#host = await startHostOn(new SimpleStore(this.#disk), this.#clock, HOST);
    this.#client = this.#host.client();
    this.#sequence = Math.max(0, ...[...this.#disk.queues.values()].map(({ lastSequence }) => lastSequence));
  }

  /** Entries that the store handed back. */
  get loaded(): number {
    return this.#host!.store.loaded;
  }

  /** Waits until nothing is on its way to or from the store. */
  async #calm(): Promise<void> {
    const { engine, store } = this.#host!;
    for (let quiet = 0; quiet < 4; quiet += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (store.underWay > 0 || !engine.committer.isIdle) quiet = -1;
    }
  }

  async apply(step: PagingStep): Promise<void> {
    switch (step.what) {
      case "send":
        for (let left = step.count; left > 0; left -= 1) this.#send(step.ttlMs, step.persistent);
        break;
      case "join":
        this.#join(step);
        break;
      case "wait":
        this.#clock.advance(step.ms);
        break;
      case "browse":
        await this.#browse();
        break;
      case "kill":
      case "stop":
        await this.#restart(step.what);
        break;
      default:
        this.#touch(step.what, step.pick);
    }
    await this.#calm();
    this.#follow();
  }

  #send(ttlMs: number, persistent: boolean): void {
    this.#sent += 1;
    this.#sequence += 1;
    const body = `${this.#sent}`;
    const expiresAtMs = ttlMs === 0 ? 0 : this.#clock.nowMs() + ttlMs;
    const sequence = this.#sequence;
    this.#entries.push({ body, sequence, persistent, expiresAtMs, holder: undefined, count: 0 });
    this.#client!.send(queue("q"), body, { expiresAtMs, persistent });
  }

  /** The digit is which last digit of a body the consumer wants; above 9: any. */
  #join({ credit, digit, exclusive, back }: Extract<PagingStep, { what: "join" }>): void {
    const consumer = new TestConsumer();
    consumer.credit = credit;
    const text = String(digit);
    const filter =
      digit > 9
        ? undefined
        : { text, matches: (message: Delivery["message"]) => bodyText(message).endsWith(text) };
    const fromSequence = back > 40 ? 0 : Math.max(1, this.#sequence - back);
    const member: Member = { consumer, filter, exclusive, fromSequence, subscription: undefined, seen: 0 };
    this.#members.push(member);
    const request = { exclusive, fromSequence, ...(filter === undefined ? {} : { filter }) };
    member.subscription = this.#client!.host.subscribe({ addresses: [queue("q")], ...request }, consumer);
  }

  #touch(what: "leave" | "resume" | "consume" | "retry" | "undelivered", pick: number): void {
    const member = this.#members[pick % Math.max(1, this.#members.length)];
    if (member === undefined) return;
    if (what === "resume") {
      member.consumer.credit += 3;
      member.subscription!.resume();
      return;
    }
    if (what === "leave") {
      this.#members = this.#members.filter((one) => one !== member);
      for (const entry of this.#entries) {
        if (entry.holder !== member) continue;
        entry.holder = undefined;
        entry.count += 1;
      }
      member.subscription!.cancel();
      return;
    }
    const held = this.#entries.filter(({ holder }) => holder === member);
    const entry = held[pick % Math.max(1, held.length)];
    if (entry === undefined) return;
    const delivery = member.consumer.deliveries.findLast((one) => bodyText(one.message) === entry.body)!;
    entry.holder = undefined;
    if (what === "consume") this.#entries.splice(this.#entries.indexOf(entry), 1);
    if (what === "retry") entry.count += 1;
    delivery.settle(what === "consume" ? "consumed" : what);
  }

  /** A browser sees every entry once and in order, whoever holds it, but none that only waits to be swept out. */
  async #browse(): Promise<void> {
    const consumer = new TestConsumer();
    let ended = false;
    const browser = Object.assign(consumer, {
      browsed: () => {
        ended = true;
      },
    });
    this.#client!.host.subscribe({ addresses: [queue("q")], browse: "once" }, browser);
    await this.#calm();
    assert.ok(ended, "the browser came to the end");
    const nowMs = this.#clock.nowMs();
    const live = this.#entries.filter(
      ({ expiresAtMs, holder }) => holder !== undefined || expiresAtMs === 0 || expiresAtMs > nowMs,
    );
    assert.deepEqual(
      consumer.bodies,
      live.map(({ body }) => body),
    );
  }

  async #restart(how: "kill" | "stop"): Promise<void> {
    const { engine, store } = this.#host!;
    if (how === "stop") await engine.stop();
    store.kill();
    for (const entry of this.#entries) {
      if (entry.holder !== undefined && how === "stop") entry.count += 1;
      entry.holder = undefined;
    }
    this.#entries = this.#entries.filter(({ persistent }) => persistent);
    this.#members = [];
    await this.start();
  }

  #isReady(entry: ModelEntry, member: Member): boolean {
    if (entry.holder !== undefined) return false;
    if (entry.expiresAtMs !== 0 && entry.expiresAtMs <= this.#clock.nowMs()) return false;
    const exclusive = this.#members.find((one) => one.exclusive && wants(one, entry));
    return exclusive === undefined ? wants(member, entry) : exclusive === member;
  }

  /** Gives the model what the consumers got: order, single delivery and counters must agree. */
  #follow(): void {
    const fresh = this.#members.flatMap((member) => {
      const added = member.consumer.deliveries.slice(member.seen);
      member.seen = member.consumer.deliveries.length;
      return added.map((delivery) => ({ member, delivery }));
    });
    fresh.sort((a, b) => a.delivery.sequence - b.delivery.sequence);
    for (const { member, delivery } of fresh) {
      const entry = this.#entries.find((one) => this.#isReady(one, member));
      assert.equal(bodyText(delivery.message), entry?.body, "the first ready entry goes out first");
      assert.equal(delivery.redeliveryCount, entry!.count, `count of ${entry!.body}`);
      entry!.holder = member;
    }
    for (const member of this.#members) {
      if (member.consumer.credit === 0) continue;
      const waiting = this.#entries.find((one) => this.#isReady(one, member));
      assert.equal(waiting?.body, undefined, "nothing waits while somebody has credit");
    }
  }

  /** In the end a consumer with all the credit gets everything that is left, in order. */
  async finish(): Promise<void> {
    for (const { subscription } of this.#members) subscription!.cancel();
    await this.#calm();
    const rest = new TestConsumer();
    rest.auto = true;
    const nowMs = this.#clock.nowMs();
    const expected = this.#entries.filter((one) => one.expiresAtMs === 0 || one.expiresAtMs > nowMs);
    this.#client!.host.subscribe({ addresses: [queue("q")] }, rest);
    await this.#calm();
    assert.deepEqual(
      rest.bodies,
      expected.map(({ body }) => body),
    );
    const { engine } = this.#host!;
    const left = engine.router.queues.get("q");
    assert.deepEqual([left?.length ?? 0, left?.bytes ?? 0], [0, 0], "nothing is counted that is not there");
    assert.equal(engine.memory.usedBytes, 0, "all memory is given back");
    for (const { entries } of this.#disk.queues.values()) assert.equal(entries.size, 0, "the store is empty");
  }
}

function wants({ filter, fromSequence }: Member, { body, sequence }: ModelEntry): boolean {
  return sequence >= fromSequence && (filter === undefined || body.endsWith(filter.text));
}
