import {
  BrokerError,
  type Logger,
  type Message,
  type MessageStore,
  type Producer,
  type UnitOfWork,
} from "@tsapollo/domain";

/** Who is confirmed when a unit of work is durable. */
export interface Confirmed {
  readonly producer: Producer;
  /** Whether it has left: nobody is called back any more. */
  readonly isClosed: boolean;
  /** Confirmations under way; later ones must not overtake them. */
  unconfirmed: number;
}

interface Confirmation {
  readonly client: Confirmed | undefined;
  readonly token: number;
  readonly done: ((error?: BrokerError) => void) | undefined;
}

/**
 * Group commit. Everything durable that happens while a commit is under way gathers in one unit of work, which
 * leaves when that commit is done; confirmations wait with the unit that their messages are in.
 */
export class Committer {
  readonly #store: MessageStore;
  readonly #logger: Logger;
  #open: UnitOfWork | undefined = undefined;
  #lastMessage: Message | undefined = undefined;
  #lastMessageId = 0;
  #confirmations: Confirmation[] = [];
  #committing = false;
  #scheduled = false;
  #idleWaiters: (() => void)[] = [];
  #lastWords: (() => void) | undefined = undefined;
  /** Grows with every durable operation: a publisher compares it to see whether its message needs the store. */
  operations = 0;

  constructor(store: MessageStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** The unit of work that is open now, for one more operation. */
  unit(): UnitOfWork {
    this.operations += 1;
    if (this.#open === undefined) {
      this.#open = this.#store.begin();
      this.#schedule();
    }
    return this.#open;
  }

  /** Called before a unit of work leaves, for what is added to it once however often it changed. */
  beforeCommit(lastWords: () => void): void {
    this.#lastWords = lastWords;
  }

  /** Stores a message's body in the open unit and returns its id; several queues of one publication share it. */
  storeMessage(message: Message): number {
    const unit = this.unit();
    if (this.#lastMessage !== message) {
      message.own();
      this.#lastMessageId = unit.storeMessage(message);
      this.#lastMessage = message;
    }
    return this.#lastMessageId;
  }

  /** Confirms a token: at once when nothing of it waits for the store, else with the open unit. */
  confirm(client: Confirmed, token: number, operationsBefore: number): void {
    if (this.operations === operationsBefore && client.unconfirmed === 0) {
      client.producer.confirmed(token);
      return;
    }
    client.unconfirmed += 1;
    this.#confirmations.push({ client, token, done: undefined });
    this.#schedule();
  }

  /** Calls back when everything so far is durable, or with the reason why it is not. Never synchronously. */
  afterDurable(done: (error?: BrokerError) => void): void {
    this.#confirmations.push({ client: undefined, token: 0, done });
    this.#schedule();
  }

  /** Resolves when nothing is open or under way. */
  async idle(): Promise<void> {
    while (this.#scheduled || this.#committing || this.#open !== undefined) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#commit());
  }

  #commit(): void {
    this.#lastWords?.();
    this.#scheduled = false;
    const unit = this.#open;
    const confirmations = this.#confirmations;
    this.#open = undefined;
    this.#lastMessage = undefined; // another unit, another copy: this one may never be written
    this.#confirmations = [];
    if (unit === undefined || unit.isEmpty) {
      this.#finish(confirmations);
      return;
    }
    this.#committing = true;
    unit.commit((error) => this.#finish(confirmations, error));
  }

  #finish(confirmations: readonly Confirmation[], cause?: Error): void {
    this.#committing = false;
    const error =
      cause === undefined
        ? undefined
        : new BrokerError("STORE_FAILED", `The store failed: ${cause.message}`, { cause });
    for (const { client, token, done } of confirmations) {
      try {
        this.#tell(client, token, done, error);
      } catch (failure) {
        this.#logger.error({ error: failure }, "a confirmation failed");
      }
    }
    if (this.#open !== undefined || this.#confirmations.length > 0) this.#schedule();
    else for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #tell(
    client: Confirmed | undefined,
    token: number,
    done: Confirmation["done"],
    error: BrokerError | undefined,
  ): void {
    if (client !== undefined) {
      client.unconfirmed -= 1;
      if (!client.isClosed) client.producer.confirmed(token, error);
    }
    done?.(error);
  }
}
