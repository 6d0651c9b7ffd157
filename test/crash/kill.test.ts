import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Lives } from "../harness/lives.ts";
import { eventually, pause } from "../harness/waiting.ts";
import {
  edits,
  intoConnector,
  intoHost,
  onlyTcp,
  storeAttributes,
  withoutAuthentication,
} from "../harness/xml.ts";
import { crowd } from "./crowd.ts";
import { Random } from "./random.ts";
import { type Actor, type Life, World } from "./world.ts";

/** Of all brokers together; `TSAPOLLO_KILLS=2000 npm test -- crash` for more. */
const KILLS = Number(process.env["TSAPOLLO_KILLS"] ?? 240);
const SEED = Number(process.env["TSAPOLLO_SEED"] ?? Date.now() % 1_000_000);
const BROKERS = 2;
/** Little memory for queues and short logs: entries leave it and come back, files are sorted while it is killed. */
const QUEUES =
  '<queue id="**" tail_buffer="24k" swap_range_size="40"/><dsub id_regex=".*" tail_buffer="24k"/>';

const xml = edits(
  withoutAuthentication,
  onlyTcp,
  storeAttributes('log_size="1m"'),
  intoHost(QUEUES),
  intoConnector("tcp", '<stomp add_redeliveries_header="redeliveries"/>'),
);

/** One broker with everybody who uses it, killed again and again. */
class Drama {
  readonly #lives: Lives = new Lives({ xml });
  readonly #random: Random;
  readonly #world: World = new World();
  readonly #actors: readonly Actor[] = crowd(this.#world);

  constructor(random: Random) {
    this.#random = random;
  }

  async play(kills: number): Promise<string> {
    try {
      for (let at = 0; at < kills && !this.#isBad; at += 1) await this.#live();
      if (!this.#isBad) await this.#drain();
      if (!this.#isBad) await this.#rest();
      if (!this.#isBad) for (const verdict of this.#world.verdicts) verdict();
    } finally {
      await this.#lives.kill();
    }
    assert.deepEqual(this.#world.violations, []);
    const delivered = this.#world.collections.reduce((sum, one) => sum + one.delivered, 0);
    return `${kills} kills survived, ${delivered} messages came`;
  }

  async #begin(isLast: boolean): Promise<{ life: Life; ended: Promise<unknown> }> {
    const broker = await this.#lives.start();
    const number = this.#lives.count;
    for (const one of this.#world.collections) one.newLife();
    const life: Life = { number, broker, random: this.#random.fork(), isOver: false, isLast };
    const ended = this.#actors.map((actor) =>
      this.#world.run(actor, {
        ...life,
        random: this.#random.fork(),
        get isOver() {
          return life.isOver;
        },
      }),
    );
    return { life, ended: Promise.all(ended) };
  }

  async #live(): Promise<void> {
    const { life, ended } = await this.#begin(false);
    const isReady = (): boolean => this.#world.isReady || this.#isBad;
    if (life.number === 1) await eventually("all subscriptions", isReady);
    else await pause(this.#random.between(20, 300));
    life.isOver = true;
    await this.#lives.kill();
    await ended;
    this.#lookAtLog(life);
  }

  /** Everything that was promised is consumed. */
  async #drain(): Promise<void> {
    const { life, ended } = await this.#begin(true);
    const { collections } = this.#world;
    await eventually("the end of what is owed", () => this.#owed.length === 0 || this.#isBad).catch(
      (error) => {
        const what = collections.map((one) => `${one.name}: ${one.owed.slice(0, 5).join(" ")}`).join("; ");
        this.#world.violated(`${error.message}: ${what}`);
      },
    );
    await pause(200); // what nobody expects would come now
    life.isOver = true;
    assert.equal(await this.#lives.stop(), 0, life.broker.everything);
    await ended;
    for (const one of collections) one.finished();
    this.#lookAtLog(life);
  }

  /** Nothing is left. */
  async #rest(): Promise<void> {
    const before = this.#world.collections.map(({ delivered }) => delivered);
    const { life, ended } = await this.#begin(true);
    await pause(300);
    life.isOver = true;
    assert.equal(await this.#lives.stop(), 0, life.broker.everything);
    await ended;
    assert.deepEqual(
      this.#world.collections.map(({ delivered }) => delivered),
      before,
    );
  }

  get #isBad(): boolean {
    return this.#world.violations.length > 0;
  }

  get #owed(): readonly string[] {
    return this.#world.collections.flatMap(({ owed }) => owed);
  }

  #lookAtLog({ broker, number }: Life): void {
    assert.equal(broker.stderr, "", `life ${number}`);
    const complaint = /^.*(\bWARN\b|\bERROR\b|Error:).*$/m.exec(broker.stdout);
    assert.equal(complaint?.[0], undefined, `life ${number}`);
  }
}

describe(`kill -9 at random moments, seed ${SEED}`, { concurrency: true }, () => {
  const seeds = new Random(SEED);
  for (let at = 0; at < BROKERS; at += 1) {
    const random = seeds.fork();
    it(`broker ${at + 1}: what was confirmed stays, what was acknowledged is gone [architecture 6]`, async (context) => {
      context.diagnostic(await new Drama(random).play(Math.ceil(KILLS / BROKERS)));
    });
  }
});
