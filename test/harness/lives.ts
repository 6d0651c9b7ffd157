import { Instance, type InstanceOptions, makeInstance } from "./instance.ts";

/** A broker whose process is killed, and started again over what it had written. */
export class Lives {
  readonly base: string;
  #now: Instance | undefined = undefined;
  #count = 0;

  constructor(options: InstanceOptions = {}) {
    this.base = makeInstance({ durable: true, ...options });
  }

  /** The broker that runs. */
  get now(): Instance {
    if (this.#now === undefined) throw new Error("the broker does not run");
    return this.#now;
  }

  /** How often it was started. */
  get count(): number {
    return this.#count;
  }

  /** Begins the next life. */
  async start(): Promise<Instance> {
    this.#now = await Instance.start(this.base);
    this.#count += 1;
    return this.#now;
  }

  /** Ends the life at once, wherever the broker is. */
  async kill(): Promise<void> {
    await this.#now?.kill();
    this.#now = undefined;
  }

  /** Ends the life in order. */
  async stop(): Promise<number | string> {
    const code = await this.now.stop();
    this.#now = undefined;
    return code;
  }

  /** Kills it, and starts it again. */
  async again(): Promise<Instance> {
    await this.kill();
    return this.start();
  }
}

/** Runs something with a broker that may be killed; in the end it is. */
export async function withLives(
  options: InstanceOptions,
  work: (lives: Lives) => Promise<void>,
): Promise<void> {
  const lives = new Lives(options);
  try {
    await lives.start();
    await work(lives);
  } finally {
    await lives.kill();
  }
}
