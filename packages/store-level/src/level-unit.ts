import {
  invariant,
  type Message,
  type StoredEntry,
  type StoredPlace,
  type StoredQueue,
  type UnitOfWork,
} from "@tsapollo/domain";

/** A message of a unit and how many entries of the unit refer to it, in each of the two databases. */
export interface PendingMessage {
  readonly messageId: number;
  readonly message: Message;
  durableReferences: number;
  swapReferences: number;
}

/** An entry of a unit. */
export interface PendingEntry {
  readonly entry: StoredEntry;
  readonly message: PendingMessage;
  redeliveryCount: number;
}

/** A redelivery counter of a unit. */
export interface PendingCounter {
  readonly place: StoredPlace;
  readonly count: number;
}

/** What a unit does to one queue. */
export class QueueWork {
  readonly queueId: number;
  readonly enqueues: Map<number, PendingEntry> = new Map();
  readonly dequeues: StoredPlace[] = [];
  readonly counters: Map<number, PendingCounter> = new Map();
  put: StoredQueue | undefined = undefined;
  removed = false;

  constructor(queueId: number) {
    this.queueId = queueId;
  }
}

/** What a unit needs of its store. */
export interface UnitHome {
  nextMessageId(): number;
  commit(unit: LevelUnit, onDurable: (error?: Error) => void): void;
}

/** What an operation costs besides its message. */
const OPERATION_BYTES = 100;

/** Operations gathered by queue; an enqueue and its dequeue that meet here leave no trace. */
export class LevelUnit implements UnitOfWork {
  readonly #home: UnitHome;
  readonly #messages: Map<number, PendingMessage> = new Map();
  readonly #queues: Map<number, QueueWork> = new Map();
  readonly #states: Map<string, Uint8Array | undefined> = new Map();
  /** The only message that may be without entries: more may follow. */
  #last: PendingMessage | undefined = undefined;
  #operations = 0;
  #bytes = 0;
  entryCount = 0;
  #underWay = false;

  constructor(home: UnitHome) {
    this.#home = home;
  }

  storeMessage(message: Message): number {
    invariant(!message.borrowed, "a stored message owns its bytes");
    if (this.#last !== undefined) this.#forgetUnused(this.#last);
    const messageId = this.#home.nextMessageId();
    this.#last = { messageId, message, durableReferences: 0, swapReferences: 0 };
    this.#messages.set(messageId, this.#last);
    return messageId;
  }

  enqueue(queueId: number, messageId: number, entry: StoredEntry): void {
    const message = this.#messages.get(messageId);
    invariant(message !== undefined, "a message is stored in the unit that puts it into queues");
    if (message.durableReferences + message.swapReferences === 0) this.#bytes += message.message.sizeBytes;
    if (entry.transient) message.swapReferences += 1;
    else message.durableReferences += 1;
    const { redeliveryCount } = entry;
    this.#work(queueId).enqueues.set(entry.sequence, { entry, message, redeliveryCount });
    this.#operations += 1;
    this.entryCount += 1;
  }

  #forgetUnused({ messageId, durableReferences, swapReferences }: PendingMessage): void {
    if (durableReferences + swapReferences === 0) this.#messages.delete(messageId);
  }

  dequeue(queueId: number, place: StoredPlace): void {
    const work = this.#work(queueId);
    if (this.#cancel(work, place.sequence)) return;
    if (work.counters.delete(place.sequence)) this.#operations -= 1;
    work.dequeues.push(place);
    this.#operations += 1;
  }

  /** @returns whether the entry came in with this unit */
  #cancel(work: QueueWork, sequence: number): boolean {
    const pending = work.enqueues.get(sequence);
    if (pending === undefined) return false;
    work.enqueues.delete(sequence);
    this.#operations -= 1;
    const { message, entry } = pending;
    if (entry.transient) message.swapReferences -= 1;
    else message.durableReferences -= 1;
    this.entryCount -= 1;
    if (message.durableReferences + message.swapReferences === 0) this.#bytes -= message.message.sizeBytes;
    if (message !== this.#last) this.#forgetUnused(message);
    return true;
  }

  redelivered(queueId: number, place: StoredPlace, count: number): void {
    const work = this.#work(queueId);
    const pending = work.enqueues.get(place.sequence);
    if (pending !== undefined) {
      pending.redeliveryCount = count;
      return;
    }
    if (!work.counters.has(place.sequence)) this.#operations += 1;
    work.counters.set(place.sequence, { place, count });
  }

  putQueue(queue: StoredQueue): void {
    const work = this.#work(queue.queueId);
    if (work.put === undefined) this.#operations += 1;
    work.put = queue;
  }

  removeQueue(queueId: number): void {
    const work = this.#work(queueId);
    for (const sequence of [...work.enqueues.keys()]) this.#cancel(work, sequence);
    if (!work.removed) this.#operations += 1;
    work.removed = true;
  }

  putState(key: string, value: Uint8Array): void {
    this.#setState(key, new Uint8Array(value));
  }

  removeState(key: string): void {
    this.#setState(key, undefined);
  }

  #setState(key: string, value: Uint8Array | undefined): void {
    const before = this.#states.get(key);
    if (!this.#states.has(key)) this.#operations += 1;
    this.#bytes += (value?.length ?? 0) - (before?.length ?? 0);
    this.#states.set(key, value);
  }

  #work(queueId: number): QueueWork {
    let work = this.#queues.get(queueId);
    if (work === undefined) {
      work = new QueueWork(queueId);
      this.#queues.set(queueId, work);
    }
    return work;
  }

  get isEmpty(): boolean {
    return this.#operations === 0;
  }

  get pendingBytes(): number {
    return this.#bytes + this.#operations * OPERATION_BYTES;
  }

  /** Messages, also those that no entry refers to. */
  get messages(): Iterable<PendingMessage> {
    return this.#messages.values();
  }

  /** What is done, queue by queue. */
  get queues(): Iterable<QueueWork> {
    return this.#queues.values();
  }

  /** Named values; undefined removes one. */
  get states(): Iterable<readonly [string, Uint8Array | undefined]> {
    return this.#states;
  }

  commit(onDurable: (error?: Error) => void): void {
    invariant(!this.#underWay, "a unit of work is committed again only after an error");
    this.#underWay = true;
    this.#home.commit(this, (error) => {
      if (error !== undefined) this.#underWay = false;
      onDurable(error);
    });
  }
}
