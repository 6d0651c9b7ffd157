import { messageRecordSize, writeMessageRecord } from "@tsapollo/domain";
import type { Topic } from "../topic/topic.ts";
import type { Committer } from "./committer.ts";

/** Names of the states that hold retained messages: this, then the topic's id. */
export const RETAINED_PREFIX = "retained:";

/** Writes down what topics retain: the last message of each, once for every unit of work. [messaging 9, quirk mended] */
export class RetainedMessages {
  readonly #committer: Committer;
  readonly #changed: Set<Topic> = new Set();

  constructor(committer: Committer) {
    this.#committer = committer;
    committer.beforeCommit(() => this.#write());
  }

  /** A topic retains another message now, or none. */
  changed(topic: Topic): void {
    this.#changed.add(topic);
    this.#committer.lazyUnit();
  }

  #write(): void {
    if (this.#changed.size === 0) return;
    const unit = this.#committer.unit();
    for (const topic of this.#changed) {
      const key = RETAINED_PREFIX + topic.address.id;
      const message = topic.retainedNow;
      if (message === undefined) {
        unit.removeState(key);
        continue;
      }
      const record = Buffer.allocUnsafe(messageRecordSize(message));
      writeMessageRecord(message, record, 0);
      unit.putState(key, record);
    }
    this.#changed.clear();
  }
}
