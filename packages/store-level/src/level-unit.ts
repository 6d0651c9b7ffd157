import {
  invariant,
  type Message,
  type StoredEntry,
  type StoredPlace,
  type StoredQueue,
  type UnitOfWork,
} from "@tsapollo/domain";
import { isInline } from "./batch.ts";
import { type PendingMessage, QueueWork } from "./queue-work.ts";

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
  readonly #queues: Map<number, QueueWork> = new Map();
  readonly #states: Map<string, Uint8Array | undefined> = new Map();
  /** The message that was stored last: mostly the one that entries come for, and the only one that may have none. */
  #last: PendingMessage | undefined = undefined;
  #operations = 0;
  #bytes = 0;
  entryCount = 0;
  /** Whether it has to do with transient entries. */
  hasTransient = false;
  /** Whether it may have messages that do not lie in an entry. */
  hasBodies = false;
  /** Whether sequences come in any order: then later ones may lie between those of this unit. */
  readonly isScattered: boolean;
  #underWay = false;

  constructor(home: UnitHome, isScattered: boolean) {
    this.#home = home;
    this.isScattered = isScattered;
  }

  storeMessage(message: Message): number {
    invariant(!message.borrowed, "a stored message owns its bytes");
    const messageId = this.#home.nextMessageId();
    this.#last = {
      messageId,
      message,
      durableReferences: 0,
      swapReferences: 0,
      left: 0,
      group: 0,
      swapGroup: 0,
    };
    return messageId;
  }

  enqueue(queueId: number, messageId: number, entry: StoredEntry): void {
    const message = this.#last?.messageId === messageId ? this.#last : this.#messageOf(messageId);
    invariant(message !== undefined, "a message is stored in the unit that puts it into queues");
    if (message.durableReferences + message.swapReferences === 0) this.#bytes += message.message.sizeBytes;
    if (entry.transient) {
      message.swapReferences += 1;
      this.hasTransient = true;
    } else {
      message.durableReferences += 1;
      if (!isInline(message, message.durableReferences)) this.hasBodies = true;
    }
    this.#work(queueId).add(entry, message);
    this.#operations += 1;
    this.entryCount += 1;
  }

  /** Nobody needs another one than the last in haste. */
  #messageOf(messageId: number): PendingMessage | undefined {
    for (const { messages } of this.#queues.values()) {
      const found = messages.find((message) => message?.messageId === messageId);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  dequeue(queueId: number, place: StoredPlace): void {
    const work = this.#work(queueId);
    if (this.#cancel(work, place.sequence)) return;
    if (place.transient) this.hasTransient = true;
    if (work.counters?.delete(place.sequence) === true) this.#operations -= 1;
    work.dequeues ??= [];
    work.dequeues.push(place);
    this.#operations += 1;
  }

  /** @returns whether the entry came in with this unit */
  #cancel(work: QueueWork, sequence: number): boolean {
    const at = work.indexOf(sequence);
    if (at < 0) return false;
    const message = work.messages[at]!;
    if (work.entries[at]!.transient) message.swapReferences -= 1;
    else message.durableReferences -= 1;
    work.cancelAt(at);
    this.#operations -= 1;
    this.entryCount -= 1;
    if (message.durableReferences + message.swapReferences === 0) this.#bytes -= message.message.sizeBytes;
    return true;
  }

  redelivered(queueId: number, place: StoredPlace, count: number): void {
    const work = this.#work(queueId);
    if (work.redelivered(place.sequence, count)) return;
    if (place.transient) this.hasTransient = true;
    work.counters ??= new Map();
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
    for (const { sequence } of [...work.entries]) this.#cancel(work, sequence);
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

  /** What is done, queue by queue. */
  get queues(): Iterable<QueueWork> {
    return this.#queues.values();
  }

  /** Whether it sets or removes named values. */
  get hasStates(): boolean {
    return this.#states.size > 0;
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
