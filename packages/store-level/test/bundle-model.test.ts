import assert from "node:assert/strict";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import type { UnitOfWork } from "@tsapollo/domain";
import { committed } from "@tsapollo/testkit";
import type { LevelStore, LevelStoreParts } from "../src/index.ts";
import { BundleModel, Dice, shown, WHOLE } from "./bundle-model.ts";
import { emptyFolder, openStore } from "./support.ts";
import { type Fault, WriteFaults } from "./write-faults.ts";

/** `BUNDLE_RUNS=3000 BUNDLE_SEED=1` for more of it. */
const RUNS = Number(process.env["BUNDLE_RUNS"] ?? 40);
const FIRST_SEED = Number(process.env["BUNDLE_SEED"] ?? 1);
const STEPS = 14;
const FAULTS: readonly Fault[] = ["before", "after", "none", "none", "none", "none", "none", "none"];

const faults = await WriteFaults.install();

/** One store and its model. */
class Run {
  readonly #dice: Dice;
  readonly #model: BundleModel;
  readonly #directory: string = emptyFolder();
  readonly #parts: Partial<LevelStoreParts>;
  #nextQueueId = 1;
  #store!: LevelStore;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    this.#model = new BundleModel(this.#dice);
    this.#parts = {
      sync: true,
      pause: async () => undefined,
      bundleLimits: { perQueue: 1 + this.#dice.roll(4), total: 2 + this.#dice.roll(12) },
      thinBundles: this.#dice.roll(3),
      longBytes: [0, 1, 2_000, 1_000_000_000][this.#dice.roll(4)]!,
    };
  }

  async go(): Promise<void> {
    this.#store = await openStore(this.#directory, this.#parts);
    for (let step = 0; step < STEPS; step++) {
      await this.#step();
      await this.#model.compare(this.#store);
    }
    await this.#reopen();
    await this.#store.close();
    rmSync(this.#directory, { recursive: true });
  }

  async #step(): Promise<void> {
    const dice = this.#dice;
    const goBack = this.#model.save();
    const pages = [...this.#model.queues.keys()].map((queueId) => {
      const wanted = this.#model.expected(queueId, WHOLE);
      return { wanted, found: this.#store.page(queueId, WHOLE).catch(() => undefined) };
    });
    const units = this.#units();
    const fault = FAULTS[dice.roll(FAULTS.length)]!;
    const failNow = (): void => {
      faults.fault = fault;
      faults.all = dice.roll(2) === 0;
    };
    const gate = this.#store.begin(); // while it is written the others gather
    gate.putState("gate", Buffer.from("1"));
    gate.commit(failNow);
    const commits = await Promise.allSettled(units.map(committed));
    faults.fault = "none";
    const failed = commits.some(({ status }) => status === "rejected");
    if (failed) assert.ok(fault !== "none" && commits.every(({ status }) => status === "rejected"));
    for (const { wanted, found } of pages) {
      const page = await found; // none when the store was opened again meanwhile
      if (page === undefined) assert.notEqual(fault, "none");
      else assert.deepEqual(shown(page), wanted, "as of when it was asked for");
    }
    if (failed) await this.#afterFailure(units, goBack);
    if (fault !== "none" || dice.roll(2) === 0) await this.#settle();
    if (dice.roll(6) === 0) await this.#reopen();
    else if (dice.roll(4) === 0) await this.#crash();
  }

  /** What a crash would leave now. */
  async #crash(): Promise<void> {
    const directory = copyOf(this.#directory);
    const goBack = this.#model.save();
    const store = await openStore(directory, { ...this.#parts, paranoid: true });
    await this.#model.reopened(store);
    await this.#model.compare(store);
    await store.close();
    goBack();
    rmSync(directory, { recursive: true });
  }

  async #settle(): Promise<void> {
    for (let attempt = 0; attempt < 3; attempt++) {
      await this.#flush().catch(() => undefined); // what goes on in the background may fail as late as now
    }
    await this.#flush();
  }

  /** Until the next unit is written after a failure readers may see what failed, and are interrupted then. */
  async #flush(): Promise<void> {
    const unit = this.#store.begin();
    unit.putState("a", Buffer.from("1"));
    await committed(unit);
  }

  /** They are committed again, or given up. */
  async #afterFailure(units: readonly UnitOfWork[], goBack: () => void): Promise<void> {
    if (this.#dice.roll(2) === 0) {
      await Promise.all(units.map(committed));
      return;
    }
    goBack();
  }

  /** What is done in one turn: it leaves in one group. */
  #units(): UnitOfWork[] {
    const dice = this.#dice;
    const model = this.#model;
    const first = this.#store.begin();
    while (model.queues.size < 3) model.addQueue(first, this.#nextQueueId++);
    const units = [first];
    for (let count = dice.roll(4); count > 0; count--) units.push(this.#store.begin());
    if (dice.roll(3) === 0) {
      for (const unit of units) model.fill(unit, true);
      return units;
    }
    for (const unit of units) {
      if (dice.roll(3) > 0) model.fill(unit, false);
      if (dice.roll(2) === 0) model.drain(unit);
    }
    if (dice.roll(3) === 0) model.drainAgain(units.at(-1)!);
    if (dice.roll(12) === 0) model.removeQueue(units.at(-1)!);
    return units;
  }

  async #reopen(): Promise<void> {
    await this.#store.close();
    this.#store = await openStore(this.#directory, { ...this.#parts, paranoid: true });
    await this.#model.reopened(this.#store);
    await this.#model.compare(this.#store);
  }
}

/** A copy of an open store, taken while LevelDB neither adds nor removes a file. */
function copyOf(original: string): string {
  for (;;) {
    const copy = emptyFolder();
    const names = readdirSync(original).join();
    try {
      cpSync(original, copy, { recursive: true });
      if (readdirSync(original).join() === names) return copy;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

test(`bundles hold what plain lists hold, whatever happens (${RUNS} runs)`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    try {
      await new Run(seed).go();
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});
