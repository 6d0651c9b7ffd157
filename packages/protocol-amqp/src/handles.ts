import { AmqpError } from "./conditions.ts";

/** Our handles of one session: numbers of links, as we tell them. [AMQP 2.6.2] */
export class Handles {
  readonly #taken: Set<number> = new Set();
  readonly #max: number;

  /** @param max the highest one that the peer takes */
  constructor(max: number) {
    this.#max = max;
  }

  /** A free handle, the wanted one if possible. @throws AmqpError when there is none */
  take(wanted: number): number {
    let handle = wanted;
    if (handle > this.#max || this.#taken.has(handle)) {
      handle = 0;
      while (this.#taken.has(handle)) handle += 1;
    }
    if (handle > this.#max) {
      const text = "handle-max leaves no handle for the link";
      throw new AmqpError("session", "amqp:resource-limit-exceeded", text);
    }
    this.#taken.add(handle);
    return handle;
  }

  /** A handle is free again. */
  give(handle: number): void {
    this.#taken.delete(handle);
  }
}
