import {
  BrokerError,
  type Clock,
  type Logger,
  type Message,
  type MessageStore,
  type Producer,
  type StoredEntry,
  type StoredPlace,
  type Timer,
  type UnitOfWork,
} from "@tsapollo/domain";
import { Congestion } from "../congestion.ts";
import { Patience } from "./patience.ts";

/** Who is confirmed when a unit of work is durable. */
export interface Confirmed {
  readonly producer: Producer;
  /** Whether it has left: nobody is called back any more. */
  readonly isClosed: boolean;
  /** Confirmations under way; later ones must not overtake them. */
  unconfirmed: number;
}

/** A queue whose entries are written. */
export interface Written {
  readonly storeId: number;
  /** The last batch that has entries of it. */
  lastBatch: number;
  /** Everything up to and with this batch is durable. */
  batchDurable(batch: number): void;
  /** What came in with this batch could not be written: it is taken out again. */
  batchFailed(batch: number): void;
}

/** An entry that is written; {@link Committer.isDurable} compares its batch. */
export interface WrittenEntry extends StoredPlace {
  readonly batch: number;
}

/** How a committer works. */
export interface CommitterSettings {
  /** How long work that nobody waits for may wait to become void; negative: not at all. [messaging 10.2] */
  readonly flushDelayMs: number;
  /** How long a write may wait for consumers while producers wait for it, where that pays; 0: not at all. */
  readonly patienceMs: number;
  /** Bytes on their way to the store beyond which producers wait. */
  readonly pendingBytesMax: number;
}

interface Confirmation {
  readonly client: Confirmed | undefined;
  readonly token: number;
  readonly done: ((error?: BrokerError) => void) | undefined;
}

/** One unit of work with everything that waits for it. */
interface Batch {
  readonly number: number;
  readonly unit: UnitOfWork | undefined;
  readonly confirmations: readonly Confirmation[];
  readonly touched: readonly Written[];
}

/**
 * How long an acknowledgement that nobody wants confirmed may wait for company. An own write for each batch of
 * acknowledgements would make producers wait for it.
 */
const SOON_MS = 10;
/** Work that nobody waits for is written anyway when there is so much of it. */
const LAZY_BYTES_MAX = 4 * 1024 * 1024;
const RETRY_MS = 1_000;

/**
 * Group commit. Everything durable that happens while a commit is under way gathers in one unit of work, which
 * leaves when that commit is done; confirmations wait with the unit that their messages are in. When a commit
 * fails, what was just sent is refused and taken out again, and the rest (acknowledgements, transactions, moves,
 * states) is tried again until it works: nothing else is written before.
 */
export class Committer {
  /** What producers wait for when the store is slower than they are. */
  readonly congestion: Congestion = new Congestion();
  readonly #store: MessageStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #settings: CommitterSettings;
  #open: UnitOfWork | undefined = undefined;
  #batch = 1;
  #durableBatch = 0;
  #touched: Written[] = [];
  #lastMessage: Message | undefined = undefined;
  #lastMessageId = 0;
  #confirmations: Confirmation[] = [];
  #pendingBytes = 0;
  #committing = false;
  #scheduled = false;
  #timer: Timer | undefined = undefined;
  readonly #patience: Patience;
  /** Whether what may wait for others has waited long enough meanwhile. */
  #overdue = false;
  /** Whether the open unit has something that no consumer can undo, or somebody who waits for the disk itself. */
  #firm = false;
  /** How long what is open may wait; infinite when nothing is. */
  #delayMs = Number.POSITIVE_INFINITY;
  #idleWaiters: (() => void)[] = [];
  readonly #lastWords: (() => void)[] = [];
  #trouble: BrokerError | undefined = undefined;
  #failed: UnitOfWork | undefined = undefined;
  #complained = false;
  /** Grows with every durable operation: a publisher compares it to see whether its message needs the store. */
  operations = 0;
  /** While it is not 0, entries that come in are part of something that must not be taken apart. */
  binding = 0;

  constructor(store: MessageStore, clock: Clock, logger: Logger, settings: CommitterSettings) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
    this.#settings = settings;
    this.#patience = new Patience({
      clock,
      waitMs: settings.patienceMs,
      left: () => this.#open?.entryCount ?? 0,
      over: () => this.#want(0),
    });
  }

  /** Why nothing can be stored at the moment; undefined when all is well. */
  get trouble(): BrokerError | undefined {
    return this.#trouble;
  }

  /** Whether producers of persistent messages have to wait. */
  get isCongested(): boolean {
    return this.#pendingBytes >= this.#settings.pendingBytesMax;
  }

  /** Number of the unit that is open now. */
  get batch(): number {
    return this.#batch;
  }

  /** Whether the batch of something is on disk. */
  isDurable({ batch }: Pick<WrittenEntry, "batch">): boolean {
    return batch <= this.#durableBatch;
  }

  /** The unit of work that is open now, for one more operation that should be written soon. */
  unit(): UnitOfWork {
    const unit = this.#openUnit();
    this.#firm = true;
    this.#want(0);
    return unit;
  }

  /** The same for an operation that may wait for others. */
  lazyUnit(): UnitOfWork {
    const unit = this.#openUnit();
    this.#firm = true;
    // no consumer can undo it: whoever waits for the unit waits for the disk
    this.#want(this.#confirmations.length > 0 ? 0 : this.#settings.flushDelayMs);
    return unit;
  }

  #openUnit(): UnitOfWork {
    this.operations += 1;
    this.#open ??= this.#store.begin();
    return this.#open;
  }

  /** Called before a unit of work leaves, for what is added to it once however often it changed. */
  beforeCommit(lastWords: () => void): void {
    this.#lastWords.push(lastWords);
  }

  /** Stores a message's body in the open unit and returns its id; several queues of one publication share it. */
  storeMessage(message: Message): number {
    if (this.#lastMessage !== message) {
      message.own();
      this.#lastMessageId = this.#openUnit().storeMessage(message);
      this.#lastMessage = message;
      this.#pendingBytes += message.sizeBytes;
      if (this.#pendingBytes > LAZY_BYTES_MAX) this.#want(0);
    }
    return this.#lastMessageId;
  }

  /** Puts an entry into a queue; nobody need wait for it but who asks to be confirmed. */
  enqueue(queue: Written, messageId: number, entry: StoredEntry): void {
    this.#openUnit().enqueue(queue.storeId, messageId, entry);
    this.#patience.entered += 1;
    if (queue.lastBatch !== this.#batch) {
      queue.lastBatch = this.#batch;
      this.#touched.push(queue);
    }
    this.#want(this.#settings.flushDelayMs);
  }

  /** Takes an entry out of a queue. One that came in with the open unit leaves no trace. */
  dequeue(queue: Written, entry: WrittenEntry): void {
    const unit = this.#openUnit();
    unit.dequeue(queue.storeId, entry);
    if (this.#patience.isWaiting && unit.entryCount === 0) queueMicrotask(() => this.#consumed());
    const { flushDelayMs } = this.#settings;
    this.#want(entry.batch === this.#batch ? flushDelayMs : Math.min(SOON_MS, flushDelayMs));
  }

  /** Within {@link Written.batchFailed}: takes an entry out of the unit that failed. */
  withdraw(queue: Written, entry: WrittenEntry): void {
    this.#failed?.dequeue(queue.storeId, entry);
  }

  /** Confirms a token: at once when nothing of it waits for the store, else with the open unit. */
  confirm(client: Confirmed, token: number, operationsBefore: number): void {
    if (this.operations === operationsBefore && client.unconfirmed === 0) {
      client.producer.confirmed(token);
      return;
    }
    client.unconfirmed += 1;
    this.#confirmations.push({ client, token, done: undefined });
    if (this.#patience.isWorthIt && !this.#firm) this.#wait();
    else this.#want(0);
  }

  /** The open unit waits for consumers for a moment, although producers wait for it. */
  #wait(): void {
    if (this.#patience.isWaiting || this.#scheduled || this.#committing) return;
    this.#patience.begin();
    // consumers that settle what they are offered at once have been there before
    if ((this.#open?.entryCount ?? 0) === 0) queueMicrotask(() => this.#consumed());
  }

  /** Everything that producers wait for was consumed before it was written: they need not wait for the disk. */
  #consumed(): void {
    if (!this.#patience.isWaiting || this.#firm || (this.#open?.entryCount ?? 0) > 0) return;
    this.#patience.end();
    const confirmations = this.#confirmations;
    this.#confirmations = [];
    this.#pendingBytes = this.#open?.pendingBytes ?? 0;
    for (const confirmation of confirmations) this.#tell(confirmation, undefined);
    if (this.congestion.isAwaited && !this.isCongested) this.congestion.relieve();
    if (this.#overdue) this.#want(0);
  }

  /** Calls back when everything so far is durable, or with the reason why it is not. Never synchronously. */
  afterDurable(done: (error?: BrokerError) => void): void {
    this.#confirmations.push({ client: undefined, token: 0, done });
    this.#firm = true;
    this.#want(0);
  }

  /** Whether nothing is open or under way. */
  get isIdle(): boolean {
    return !this.#scheduled && !this.#committing && this.#open === undefined;
  }

  /** Resolves when nothing is open or under way, or nothing can be written. Work that may wait is done at once. */
  async idle(): Promise<void> {
    while (!this.isIdle && this.#trouble === undefined) {
      this.#want(0);
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    }
  }

  /** What is open is to be written in so many milliseconds, or before. */
  #want(delayMs: number): void {
    if (delayMs >= this.#delayMs) return;
    this.#delayMs = delayMs;
    if (!this.#scheduled && !this.#committing) this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#delayMs <= 0) this.#schedule();
    else this.#timer = this.#clock.after(this.#delayMs, () => this.#due());
  }

  /** What came in a moment ago is not written for the sake of old acknowledgements. */
  #due(): void {
    if (!this.#patience.isWaiting) this.#schedule();
    else this.#overdue = true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing) return;
    this.#scheduled = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    queueMicrotask(() => this.#commit());
  }

  #commit(): void {
    for (const lastWords of this.#lastWords) this.#try(lastWords); // or nothing would ever be written again
    const unit = this.#open;
    const batch: Batch = {
      number: this.#batch,
      unit: unit === undefined || unit.isEmpty ? undefined : unit,
      confirmations: this.#confirmations,
      touched: this.#touched,
    };
    this.#patience.end();
    this.#firm = false;
    this.#overdue = false;
    this.#scheduled = false;
    this.#delayMs = Number.POSITIVE_INFINITY;
    this.#open = undefined;
    this.#batch += 1;
    this.#touched = [];
    this.#lastMessage = undefined; // another unit, another copy: this one may never be written
    this.#confirmations = [];
    this.#committing = true;
    if (batch.unit === undefined) this.#finish(batch);
    else
      batch.unit.commit((error) => (error === undefined ? this.#written(batch) : this.#fail(batch, error)));
  }

  #written(batch: Batch): void {
    if (this.#complained) this.#logger.info({}, "the store can be written again");
    this.#complained = false;
    this.#finish(batch);
  }

  #finish(batch: Batch): void {
    this.#committing = false;
    this.#trouble = undefined;
    this.#durableBatch = batch.number;
    this.#pendingBytes = this.#open?.pendingBytes ?? 0;
    for (const queue of batch.touched) this.#try(() => queue.batchDurable(batch.number));
    for (const confirmation of batch.confirmations) this.#tell(confirmation, undefined);
    if (this.congestion.isAwaited && !this.isCongested) this.congestion.relieve();
    if (this.#delayMs > 0 && this.#confirmations.length > 0) this.#wait();
    if (this.#delayMs < Number.POSITIVE_INFINITY) this.#arm();
    else if (this.isIdle) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** What was sent is refused; what must not be taken apart is tried again. */
  #fail(batch: Batch, cause: Error): void {
    const text = `The store failed: ${cause.message}`;
    if (!this.#complained) this.#logger.error({ error: cause }, text);
    this.#complained = true;
    this.#trouble = new BrokerError("STORE_FAILED", text, { cause });
    this.#failed = batch.unit;
    for (const queue of batch.touched) this.#try(() => queue.batchFailed(batch.number));
    this.#failed = undefined;
    for (const confirmation of batch.confirmations) {
      if (confirmation.client !== undefined) this.#tell(confirmation, this.#trouble);
    }
    const left = batch.confirmations.filter(({ client }) => client === undefined);
    this.#retryLater({ ...batch, confirmations: left });
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #retryLater(batch: Batch): void {
    this.#clock.after(RETRY_MS, () => {
      const { unit } = batch;
      if (unit === undefined || unit.isEmpty) this.#finish(batch);
      else unit.commit((error) => (error === undefined ? this.#written(batch) : this.#retryLater(batch)));
    });
  }

  #try(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#complain(error);
    }
  }

  #tell({ client, token, done }: Confirmation, error: BrokerError | undefined): void {
    try {
      if (client === undefined) done?.(error);
      else {
        client.unconfirmed -= 1;
        if (!client.isClosed) client.producer.confirmed(token, error);
      }
    } catch (cause) {
      this.#complain(cause);
    }
  }

  #complain(error: unknown): void {
    this.#logger.error({ error }, "something around a commit failed");
  }
}
