/** What is known about one message in one collection. */
interface Item {
  confirmed: boolean;
  /** Whether the broker has confirmed that it was acknowledged; `maybe`: it was asked to, and has not answered. */
  settled: "no" | "maybe" | "yes";
  /** It was not there when it should have been: it must not turn up any more. */
  gone: boolean;
  /** Last life in which it came, 0 for none. */
  seenIn: number;
  /** It was given back and may come again in the same life. */
  returned: boolean;
  /** How often it has been sent before, at the least. */
  redeliveries: number;
}

/** One producer's messages in one collection, by number from 0. */
class Series {
  readonly items: Item[] = [];
  /** All before are settled or gone. */
  floor = 0;
  /** Of this life: the highest number that came. */
  last = -1;
}

/**
 * What one queue, durable subscription or session owes its consumer, told by what its producers were promised and
 * what was acknowledged. There is one consumer at a time. Lives are those of the broker.
 */
export class Collection {
  readonly name: string;
  readonly #series: Map<string, Series> = new Map();
  readonly #violated: (text: string) => void;
  #life = 0;
  delivered = 0;

  constructor(name: string, violated: (text: string) => void) {
    this.name = name;
    this.#violated = violated;
  }

  /** The broker starts. */
  newLife(): void {
    this.#life += 1;
    for (const series of this.#series.values()) {
      const { items } = series;
      while (series.floor < items.length && isOver(items[series.floor])) series.floor += 1;
      series.last = series.floor - 1;
      for (let at = series.floor; at < items.length; at += 1) {
        const item = items[at];
        if (item !== undefined) item.returned = false;
      }
    }
  }

  /** A message is on its way to the broker. Numbers of a producer are consecutive. */
  attempted(producer: string, number: number): void {
    let series = this.#series.get(producer);
    if (series === undefined) {
      series = new Series();
      this.#series.set(producer, series);
    }
    series.items[number] ??= {
      confirmed: false,
      settled: "no",
      gone: false,
      seenIn: 0,
      returned: false,
      redeliveries: 0,
    };
  }

  /** The broker has promised to keep it. */
  confirmed(producer: string, number: number): void {
    const item = this.#item(producer, number);
    if (item.gone && item.settled === "maybe") {
      item.gone = false; // it had come and its acknowledgement had been stored with it
      item.settled = "yes";
    }
    if (item.gone) this.#violate(producer, number, "was confirmed but had not come when it was its turn");
    item.confirmed = true;
  }

  /** It was never sent for good: it must not come. */
  aborted(producer: string, number: number): void {
    this.#item(producer, number).gone = true;
  }

  /**
   * It came.
   * @param count how often it was sent before, if that is told
   */
  came(producer: string, number: number, count?: number): void {
    this.delivered += 1;
    const series = this.#series.get(producer);
    const item = series?.items[number];
    if (series === undefined || item === undefined) return this.#violate(producer, number, "was never sent");
    if (item.settled === "yes") this.#violate(producer, number, "came back after it was acknowledged");
    if (item.gone) this.#violate(producer, number, "turned up although it was not there before");
    if (count !== undefined && count < item.redeliveries) {
      this.#violate(producer, number, `says ${count} redeliveries after ${item.redeliveries}`);
    }
    if (item.seenIn === this.#life && !item.returned) this.#violate(producer, number, "came twice");
    if (item.seenIn !== this.#life) this.#inOrder(producer, series, number);
    item.seenIn = this.#life;
    item.returned = false;
    if (item.settled === "maybe") item.settled = "no"; // what was asked for was not done
  }

  #inOrder(producer: string, series: Series, number: number): void {
    if (number < series.last) {
      return this.#violate(producer, number, `came behind ${series.last}`);
    }
    for (let at = Math.max(series.last + 1, series.floor); at < number; at += 1) {
      const item = series.items[at];
      if (item === undefined || isOver(item) || item.seenIn === this.#life) continue;
      if (item.settled === "maybe" && item.confirmed) item.settled = "yes";
      else if (item.confirmed) this.#violate(producer, at, `is missing before ${number}`);
      else item.gone = true;
    }
    series.last = number;
  }

  /** The broker was asked to take it out. */
  settling(producer: string, number: number): void {
    this.#item(producer, number).settled = "maybe";
  }

  /** The broker has confirmed that it is out. */
  settled(producer: string, number: number): void {
    this.#item(producer, number).settled = "yes";
  }

  /** It was given back, and will come again. */
  returning(producer: string, number: number): void {
    this.#item(producer, number).returned = true;
  }

  /** The broker has confirmed that it was given back after so many redeliveries. */
  returned(producer: string, number: number, count: number): void {
    const item = this.#item(producer, number);
    item.redeliveries = Math.max(item.redeliveries, count + 1);
  }

  /** Acknowledgements without an answer are done when the connection and then the broker ended in order. */
  finished(): void {
    for (const { items } of this.#series.values()) {
      for (const item of items) {
        if (item?.settled !== "maybe") continue;
        if (item.confirmed) item.settled = "yes";
        else item.gone = true;
      }
    }
  }

  /** Whether a message is known to have come, been acknowledged, and left for good. */
  hasSettled(producer: string, number: number): boolean {
    return this.#series.get(producer)?.items[number]?.settled === "yes";
  }

  /** Whether a message was stored; undefined when nobody can tell, because its acknowledgement may have been, too. */
  wasStored(producer: string, number: number): boolean | undefined {
    const item = this.#series.get(producer)?.items[number];
    if (item?.settled === "yes") return true;
    return item === undefined || item.settled === "no" ? false : undefined;
  }

  /** Messages that are confirmed and not acknowledged. */
  get owed(): readonly string[] {
    const found: string[] = [];
    for (const [producer, { items }] of this.#series) {
      items.forEach((item, number) => {
        if (item.confirmed && item.settled === "no") found.push(`${producer}:${number}`);
      });
    }
    return found;
  }

  #item(producer: string, number: number): Item {
    const item = this.#series.get(producer)?.items[number];
    if (item === undefined) throw new Error(`the test never sent ${producer}:${number} to ${this.name}`);
    return item;
  }

  #violate(producer: string, number: number, text: string): void {
    const item = this.#series.get(producer)?.items[number];
    this.#violated(
      `${this.name}: ${producer}:${number} ${text} ${JSON.stringify(item)} in life ${this.#life}`,
    );
  }
}

function isOver(item: Item | undefined): boolean {
  return item === undefined || item.settled === "yes" || item.gone;
}
