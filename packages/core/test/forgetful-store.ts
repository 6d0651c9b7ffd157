import type { Message, MessageStore, StoredEntry, StoredPlace, UnitOfWork } from "@tsapollo/domain";

/** A store that writes down what it was asked, and finishes commits when the test says so. */
export class ForgetfulStore implements MessageStore {
  readonly title = "forgetful store";
  readonly durable = true;
  readonly lastQueueId = 0;
  /** Operations of finished and waiting commits, in words. */
  readonly log: string[] = [];
  /** `false`: commits wait for `finish`. */
  automatic = true;
  readonly #waiting: ((error?: Error) => void)[] = [];
  #nextMessageId = 1;

  async open(): Promise<void> {}
  begin(): UnitOfWork {
    const operations: string[] = [];
    return {
      storeMessage: (message: Message) => {
        operations.push(`message ${Buffer.from(message.body()).toString()}`);
        return this.#nextMessageId++;
      },
      enqueue: (queueId: number, _messageId: number, entry: StoredEntry) =>
        void operations.push(`+${queueId}:${entry.sequence}`),
      dequeue: (queueId: number, { sequence }: StoredPlace) =>
        void operations.push(`-${queueId}:${sequence}`),
      redelivered: (queueId: number, { sequence }: StoredPlace, count: number) =>
        void operations.push(`*${queueId}:${sequence}=${count}`),
      pendingBytes: 0,
      entryCount: 0,
      putQueue: ({ key }) => void operations.push(`queue ${key}`),
      removeQueue: (queueId: number) => void operations.push(`no queue ${queueId}`),
      putState: (key: string) => void operations.push(`state ${key}`),
      removeState: (key: string) => void operations.push(`no state ${key}`),
      get isEmpty() {
        return operations.length === 0;
      },
      commit: (onDurable) => {
        this.log.push(operations.join(" "));
        if (this.automatic) queueMicrotask(() => onDurable());
        else this.#waiting.push(onDurable);
      },
    };
  }
  /** Ends the oldest waiting commit. */
  finish(error?: Error): void {
    this.#waiting.shift()!(error);
  }
  async queues(): Promise<never[]> {
    return [];
  }
  async page(): Promise<never[]> {
    return [];
  }
  async states(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map();
  }
  async backup(): Promise<void> {}
  async purge(): Promise<void> {}
  async close(): Promise<void> {}
}
