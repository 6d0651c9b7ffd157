import type { Address, Clock, Consumer, Delivery, Message, MessageFilter } from "@tsapollo/domain";
import type { Hands } from "./dispatch.ts";
import type { Place, QueueEntry } from "./entry.ts";
import type { EntryList } from "./entry-list.ts";
import { moveTo, type Positioned } from "./position.ts";
import type { Queue } from "./queue.ts";
import type { QueueLink } from "./queue-feed.ts";

/** What a browser is shown: a look at an entry, which settling does not touch. */
class Look implements Delivery {
  readonly message: Message;
  readonly address: Address;
  readonly sequence: number;
  readonly redeliveryCount: number;
  readonly retained = false;

  constructor(entry: QueueEntry) {
    this.message = entry.message;
    this.address = entry.address;
    this.sequence = entry.sequence;
    this.redeliveryCount = entry.redeliveryCount;
  }

  settle(): void {}
}

/** How a browser looks. */
export interface BrowserOptions {
  readonly filter: MessageFilter | undefined;
  readonly mode: "once" | "forever";
  readonly fromSequence: number;
}

/** One browser's place at one queue. */
export class BrowserFeed implements Positioned, QueueLink {
  readonly queue: Queue;
  readonly consumer: Consumer;
  readonly options: BrowserOptions;
  at: Place | undefined = undefined;
  hasCredit = true;
  /** A look is under way: what happens within its offers is seen by it. */
  looking = false;
  closed = false;
  readonly #browsers: Browsers;

  constructor(browsers: Browsers, queue: Queue, consumer: Consumer, options: BrowserOptions) {
    this.#browsers = browsers;
    this.queue = queue;
    this.consumer = consumer;
    this.options = options;
  }

  get awaitsPage(): boolean {
    return !this.closed && this.hasCredit && this.at?.state === "paged";
  }

  resume(): void {
    this.#browsers.resume(this);
  }

  leave(): void {
    this.#browsers.leave(this);
  }
}

/** Asks for the first entries of runs; {@link Browsers.pagedIn} follows. */
type Pages = Pick<Hands, "want" | "from">;

/** Those who look at every entry, acquired or not, and take none. [messaging 5.7] */
export class Browsers {
  readonly #entries: EntryList;
  readonly #all: Set<BrowserFeed> = new Set();
  readonly #pages: Pages;
  readonly #clock: Clock;

  constructor(entries: EntryList, clock: Clock, pages: Pages) {
    this.#entries = entries;
    this.#clock = clock;
    this.#pages = pages;
  }

  get size(): number {
    return this.#all.size;
  }

  /** A browser begins: at the first entry, or past the last one. */
  begin(queue: Queue, consumer: Consumer, options: BrowserOptions): BrowserFeed {
    const browser = new BrowserFeed(this, queue, consumer, options);
    this.#all.add(browser);
    moveTo(browser, this.#entries.first);
    this.#look(browser);
    return browser;
  }

  resume(browser: BrowserFeed): void {
    if (browser.closed) return;
    browser.hasCredit = true;
    this.#look(browser);
  }

  leave(browser: BrowserFeed): void {
    browser.closed = true;
    this.#all.delete(browser);
    moveTo(browser, undefined);
  }

  /** An entry was added at the end. */
  appended(entry: QueueEntry): void {
    for (const browser of this.#all) if (browser.at === undefined) moveTo(browser, entry);
    // only now: whoever begins to look or sends within an offer finds everybody at their places
    for (const browser of this.#all) if (browser.hasCredit) this.#look(browser);
  }

  /** What somebody stood before is in memory now. */
  pagedIn(moved: readonly Positioned[]): void {
    for (const one of moved) if (one instanceof BrowserFeed && one.hasCredit && !one.closed) this.#look(one);
  }

  #look(browser: BrowserFeed): void {
    if (browser.looking) return;
    const { filter, fromSequence, mode } = browser.options;
    browser.looking = true;
    for (let entry = browser.at; entry !== undefined && browser.hasCredit; entry = browser.at) {
      if (entry.state === "paged") {
        if (entry.lastSequence >= fromSequence) {
          const run = this.#pages.from(entry, fromSequence);
          moveTo(browser, run);
          this.#pages.want(run);
          break;
        }
        moveTo(browser, entry.next);
        continue;
      }
      moveTo(browser, entry.next);
      if (entry.sequence < fromSequence || this.#isExpired(entry)) continue;
      if (filter !== undefined && !filter.matches(entry.message)) continue;
      entry.message.own();
      if (browser.consumer.offer(new Look(entry))) continue;
      browser.hasCredit = false;
      // it may have been removed while it was shown
      if (!browser.closed && entry.state !== "gone") moveTo(browser, entry);
    }
    browser.looking = false;
    if (mode === "forever" || browser.closed || browser.at !== undefined || !browser.hasCredit) return;
    this.leave(browser);
    browser.consumer.browsed?.(browser.queue.address);
  }

  /** Whether it only waits to be swept out. What a consumer holds does not expire. [messaging 5.10] */
  #isExpired({ message: { expiresAtMs }, state }: QueueEntry): boolean {
    return expiresAtMs !== 0 && state === "ready" && expiresAtMs <= this.#clock.nowMs();
  }

  /** Everybody is let go. */
  close(): readonly BrowserFeed[] {
    const all = [...this.#all];
    for (const browser of all) this.leave(browser);
    return all;
  }
}
