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

/**
 * A store whose commits and pages fail when a test wants it: as a full or broken disk looks to whoever works with
 * the port. What failed was not written, and may be committed again.
 */
export class FaultyStore implements MessageStore {
  readonly #store: MessageStore;
  /** While set, commits fail with it. */
  commitError: Error | undefined = undefined;
  /** While set, pages fail with it. */
  pageError: Error | undefined = undefined;
  /** While true, commits wait; {@link FaultyStore.release} lets them go on. */
  held = false;
  /** How often something was committed. */
  commits = 0;
  #waiting: (() => void)[] = [];

  constructor(store: MessageStore) {
    this.#store = store;
  }

  get title(): string {
    return this.#store.title;
  }

  get durable(): boolean {
    return this.#store.durable;
  }

  get lastQueueId(): number {
    return this.#store.lastQueueId;
  }

  async open(): Promise<void> {
    await this.#store.open();
  }

  begin(): UnitOfWork {
    return new FaultyUnit(this.#store.begin(), (unit, onDurable) => this.#commit(unit, onDurable));
  }

  #commit(unit: UnitOfWork, onDurable: (error?: Error) => void): void {
    this.commits += 1;
    const go = (): void => {
      const { commitError } = this;
      if (commitError === undefined) unit.commit(onDurable);
      else queueMicrotask(() => onDurable(commitError));
    };
    if (this.held) this.#waiting.push(go);
    else go();
  }

  /** Lets waiting commits go on, in order. */
  release(): void {
    this.held = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  async queues(): Promise<readonly QueueState[]> {
    return this.#store.queues();
  }

  async page(queueId: number, bounds: PageBounds): Promise<readonly LoadedEntry[]> {
    if (this.pageError !== undefined) throw this.pageError;
    return this.#store.page(queueId, bounds);
  }

  async states(): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#store.states();
  }

  async backup(directory: string): Promise<void> {
    await this.#store.backup(directory);
  }

  async purge(): Promise<void> {
    await this.#store.purge();
  }

  async close(): Promise<void> {
    this.release();
    await this.#store.close();
  }
}

class FaultyUnit implements UnitOfWork {
  readonly #unit: UnitOfWork;
  readonly #commit: (unit: UnitOfWork, onDurable: (error?: Error) => void) => void;

  constructor(unit: UnitOfWork, commit: (unit: UnitOfWork, onDurable: (error?: Error) => void) => void) {
    this.#unit = unit;
    this.#commit = commit;
  }

  storeMessage(message: Message): number {
    return this.#unit.storeMessage(message);
  }

  enqueue(queueId: number, messageId: number, entry: StoredEntry): void {
    this.#unit.enqueue(queueId, messageId, entry);
  }

  dequeue(queueId: number, place: StoredPlace): void {
    this.#unit.dequeue(queueId, place);
  }

  redelivered(queueId: number, place: StoredPlace, redeliveryCount: number): void {
    this.#unit.redelivered(queueId, place, redeliveryCount);
  }

  putQueue(queue: StoredQueue): void {
    this.#unit.putQueue(queue);
  }

  removeQueue(queueId: number): void {
    this.#unit.removeQueue(queueId);
  }

  putState(key: string, value: Uint8Array): void {
    this.#unit.putState(key, value);
  }

  removeState(key: string): void {
    this.#unit.removeState(key);
  }

  get isEmpty(): boolean {
    return this.#unit.isEmpty;
  }

  get entryCount(): number {
    return this.#unit.entryCount;
  }

  get pendingBytes(): number {
    return this.#unit.pendingBytes;
  }

  commit(onDurable: (error?: Error) => void): void {
    this.#commit(this.#unit, onDurable);
  }
}
