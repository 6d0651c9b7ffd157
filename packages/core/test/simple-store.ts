import type {
  LoadedEntry,
  Message,
  MessageStore,
  PageBounds,
  QueueState,
  StoredEntry,
  StoredPlace,
  StoredQueue,
  UnitOfWork,
} from "@tsapollo/domain";

type Held = StoredEntry & { readonly messageId: number; readonly message: Message; count: number };

interface Content {
  description: StoredQueue;
  lastSequence: number;
  readonly entries: Map<number, Held>;
}

/** What survives a process: several stores, one after the other, may work on it. */
export class Disk {
  readonly queues: Map<number, Content> = new Map();
  readonly states: Map<string, Uint8Array> = new Map();
  lastQueueId = 0;
}

/** A durable store as simple as can be, whose commits and pages take a while, and fail when told. */
export class SimpleStore implements MessageStore {
  readonly title = "simple store";
  readonly durable = true;
  readonly disk: Disk;
  /** Set: commits fail with it. */
  failure: Error | undefined = undefined;
  /** `true`: commits wait for {@link SimpleStore.finish}. */
  manual = false;
  /** Whether the process is dead. */
  killed = false;
  /** Pages and commits that are under way. */
  underWay = 0;
  /** Commits that were asked for. */
  commits = 0;
  /** Entries handed out by pages. */
  loaded = 0;
  readonly #waiting: (() => void)[] = [];
  #messageId = 0;

  constructor(disk: Disk = new Disk()) {
    this.disk = disk;
  }

  get lastQueueId(): number {
    return this.disk.lastQueueId;
  }

  /** The process is killed: what is under way is never done. */
  kill(): void {
    this.killed = true;
  }

  /** Ends the commits that wait. */
  finish(): void {
    for (const commit of this.#waiting.splice(0)) commit();
  }

  /** How many entries of a queue are on the disk. */
  entriesOf(key: string): number {
    for (const { description, entries } of this.disk.queues.values()) {
      if (description.key === key) return entries.size;
    }
    return 0;
  }

  begin(): UnitOfWork {
    return new SimpleUnit(this);
  }

  nextMessageId(): number {
    this.#messageId += 1;
    return this.#messageId;
  }

  commit(apply: () => void, done: (error?: Error) => void): void {
    this.underWay += 1;
    this.commits += 1;
    const commit = (): void => {
      this.underWay -= 1;
      if (this.killed) return;
      if (this.failure !== undefined) return done(this.failure);
      apply();
      done();
    };
    if (this.manual) this.#waiting.push(commit);
    else setImmediate(commit);
  }

  async open(): Promise<void> {
    for (const [id, { entries, description }] of this.disk.queues) {
      for (const [sequence, { transient }] of entries) if (transient) entries.delete(sequence);
      this.disk.lastQueueId = Math.max(this.disk.lastQueueId, id, description.queueId);
    }
  }

  async queues(): Promise<readonly QueueState[]> {
    return [...this.disk.queues.values()].map(({ description, lastSequence, entries }) => {
      const all = [...entries.values()];
      const expiries = all.map(({ expiresAtMs }) => expiresAtMs).filter((ms) => ms !== 0);
      return {
        queue: description,
        lastSequence,
        entryCount: all.length,
        bytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        earliestExpiryMs: expiries.length === 0 ? 0 : Math.min(...expiries),
      };
    });
  }

  async page(queueId: number, bounds: PageBounds): Promise<readonly LoadedEntry[]> {
    this.underWay += 1;
    const all = [...(this.disk.queues.get(queueId)?.entries.values() ?? [])];
    const page = all
      .filter(({ sequence }) => sequence >= bounds.from && sequence <= bounds.to)
      .sort((a, b) => a.sequence - b.sequence)
      .slice(0, bounds.maxEntries)
      .map((held) => ({ ...held, redeliveryCount: held.count }));
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay -= 1;
    this.loaded += page.length;
    return page;
  }

  async states(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map(this.disk.states);
  }
  async backup(): Promise<void> {}
  async purge(): Promise<void> {
    this.disk.queues.clear();
    this.disk.states.clear();
  }
  async close(): Promise<void> {}
}

class SimpleUnit implements UnitOfWork {
  readonly #store: SimpleStore;
  readonly #messages: Map<number, Message> = new Map();
  readonly #enqueues: Map<string, { readonly queueId: number; readonly held: Held }> = new Map();
  readonly #steps: ((disk: Disk) => void)[] = [];
  pendingBytes = 0;

  constructor(store: SimpleStore) {
    this.#store = store;
  }
  storeMessage(message: Message): number {
    const id = this.#store.nextMessageId();
    this.#messages.set(id, message);
    this.pendingBytes += message.sizeBytes;
    return id;
  }
  enqueue(queueId: number, messageId: number, entry: StoredEntry): void {
    const held = {
      ...entry,
      messageId,
      message: this.#messages.get(messageId)!,
      count: entry.redeliveryCount,
    };
    this.#enqueues.set(`${queueId}:${entry.sequence}`, { queueId, held });
  }
  dequeue(queueId: number, { sequence }: StoredPlace): void {
    if (this.#enqueues.delete(`${queueId}:${sequence}`)) return;
    this.#steps.push((disk) => void disk.queues.get(queueId)?.entries.delete(sequence));
  }
  redelivered(queueId: number, { sequence }: StoredPlace, count: number): void {
    this.#steps.push((disk) => {
      const held = disk.queues.get(queueId)?.entries.get(sequence);
      if (held !== undefined) held.count = count;
    });
  }
  putQueue(queue: StoredQueue): void {
    const put = (disk: Disk): void => {
      const known = disk.queues.get(queue.queueId);
      if (known !== undefined) known.description = queue;
      else disk.queues.set(queue.queueId, { description: queue, lastSequence: 0, entries: new Map() });
      disk.lastQueueId = Math.max(disk.lastQueueId, queue.queueId);
    };
    this.#steps.unshift(put);
  }
  removeQueue(queueId: number): void {
    for (const [key, { queueId: id }] of this.#enqueues) if (id === queueId) this.#enqueues.delete(key);
    this.#steps.push((disk) => void disk.queues.delete(queueId));
  }
  putState(key: string, value: Uint8Array): void {
    this.#steps.push((disk) => void disk.states.set(key, value));
  }
  removeState(key: string): void {
    this.#steps.push((disk) => void disk.states.delete(key));
  }
  get entryCount(): number {
    return this.#enqueues.size;
  }
  get isEmpty(): boolean {
    return this.#steps.length === 0 && this.#enqueues.size === 0;
  }
  commit(onDurable: (error?: Error) => void): void {
    this.#store.commit(() => this.#apply(this.#store.disk), onDurable);
  }
  #apply(disk: Disk): void {
    const enqueues = (): void => {
      for (const { queueId, held } of this.#enqueues.values()) {
        const content = disk.queues.get(queueId)!;
        content.entries.set(held.sequence, held);
        content.lastSequence = Math.max(content.lastSequence, held.sequence);
      }
    };
    const puts = this.#steps.findIndex((step) => step.name !== "put");
    const first = puts === -1 ? this.#steps : this.#steps.slice(0, puts);
    for (const step of first) step(disk);
    enqueues();
    for (const step of this.#steps.slice(first.length)) step(disk);
  }
}
