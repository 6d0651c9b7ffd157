import type { HostEngine } from "@tsapollo/core";
import { type Address, NO_TOKEN, type VirtualHost } from "@tsapollo/domain";
import { type FigureSources, HostFigures, type ProcessFigures } from "./figures.ts";
import { sysAddress, sysMessage } from "./sys-message.ts";
import { SYS_TOPICS } from "./sys-topics.ts";

/** The tree of one virtual host: publishes what has changed since it was published last. [management E1] */
export class SysHost {
  readonly #figures: HostFigures;
  readonly #host: VirtualHost;
  readonly #addresses: readonly Address[] = SYS_TOPICS.map(({ name }) => sysAddress(name));
  readonly #said: string[] = [];
  #waits = false;

  constructor(engine: HostEngine, sources: FigureSources) {
    this.#figures = new HostFigures(sources);
    this.#host = engine.admitBroker(() => {
      this.#waits = false;
    });
  }

  /** So many seconds passed since the last time, 0 for the first. */
  update(process: ProcessFigures, elapsedS: number, nowMs: number): void {
    this.#figures.update(elapsedS);
    if (this.#waits) return; // somebody who listens is slow: what is new then comes when there is room
    for (let at = 0; at < SYS_TOPICS.length; at += 1) {
      const topic = SYS_TOPICS[at]!;
      const text = topic.say(this.#figures, process);
      if (text === this.#said[at]) continue;
      this.#said[at] = text;
      const message = sysMessage(topic.name, text, nowMs);
      if (!this.#host.publish(this.#addresses[at]!, message, NO_TOKEN)) this.#waits = true;
    }
  }
}
