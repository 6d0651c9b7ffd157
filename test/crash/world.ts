import type { Instance } from "../harness/instance.ts";
import { Collection } from "./ledger.ts";
import type { Random } from "./random.ts";

/** One life of a broker, as those who use it see it. */
export interface Life {
  readonly number: number;
  readonly broker: Instance;
  readonly random: Random;
  /** Set right before the broker is killed: what fails from now on is no fault. */
  isOver: boolean;
  /** Nothing new is sent: what is there is consumed. */
  readonly isLast: boolean;
}

/** Uses the broker for one life: until its connection ends. */
export type Actor = (life: Life) => Promise<void>;

/** What was promised and what was seen, through all lives of one broker. */
export class World {
  readonly collections: Collection[] = [];
  readonly violations: string[] = [];
  /** Collections that get nothing before they are subscribed to, and those that are. */
  readonly awaited: Set<Collection> = new Set();
  readonly subscribed: Set<Collection> = new Set();
  /** Checks at the end. */
  readonly verdicts: (() => void)[] = [];

  violated(text: string): void {
    if (this.violations.length < 20) this.violations.push(text);
  }

  collection(name: string): Collection {
    const collection = new Collection(name, (text) => this.violated(text));
    this.collections.push(collection);
    return collection;
  }

  /** Whether nothing that is published from now on passes anybody by. */
  get isReady(): boolean {
    return [...this.awaited].every((one) => this.subscribed.has(one));
  }

  /** A message's text: whose, which, and something to make it longer. */
  text(producer: string, number: number, random: Random): string {
    const length = random.chance(0.02) ? random.between(10_000, 60_000) : random.between(0, 1_500);
    return `${producer}:${number}:${"x".repeat(length)}`;
  }

  /** The inverse of {@link World.text}; what is not one is a violation. */
  read(text: string): readonly [producer: string, number: number] {
    const found = /^([a-z0-9]+):(\d+):x*$/.exec(text);
    if (found === null) throw new Error(`nobody sent a message '${text.slice(0, 60)}'`);
    return [found[1]!, Number(found[2])];
  }

  /** Runs an actor; a failure before the broker is killed is a violation. */
  async run(actor: Actor, life: Life): Promise<void> {
    try {
      await actor(life);
    } catch (error) {
      if (!life.isOver) this.violated(`life ${life.number}: ${(error as Error).stack}`);
    }
  }
}
