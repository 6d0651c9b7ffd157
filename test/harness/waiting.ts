/** How long a test waits for something that should come soon, in ms. Generous: only a broken broker needs it. */
export const PATIENCE_MS = 20_000;

/** The promise's result, or an error that names what did not come. */
export async function within<T>(promise: Promise<T>, what: string, ms: number = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves after so many ms; only where time itself is what is tested. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Tries again until the probe gives something other than undefined or false. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  ms: number = PATIENCE_MS,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${ms} ms`);
    await pause(20);
  }
}

/** Things that arrived and were not taken yet, and those who wait for them. */
export class Mailbox<T> {
  readonly #arrived: T[] = [];
  readonly #waiting: { resolve: (value: T) => void; reject: (error: Error) => void }[] = [];
  #end: Error | undefined;

  put(value: T): void {
    const first = this.#waiting.shift();
    if (first === undefined) this.#arrived.push(value);
    else first.resolve(value);
  }

  /** Whoever waits, now or later, gets this error once everything that arrived is taken. */
  end(reason: Error): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  get size(): number {
    return this.#arrived.length;
  }

  take(what: string, ms: number = PATIENCE_MS): Promise<T> {
    const value = this.#arrived.shift();
    if (value !== undefined) return Promise.resolve(value);
    if (this.#end !== undefined)
      return Promise.reject(new Error(`waiting for ${what}: ${this.#end.message}`));
    const entry: { resolve: (value: T) => void; reject: (error: Error) => void } = {
      resolve: () => undefined,
      reject: () => undefined,
    };
    const promise = new Promise<T>((resolve, reject) => {
      entry.resolve = resolve;
      entry.reject = (error) => reject(new Error(`waiting for ${what}: ${error.message}`));
    });
    this.#waiting.push(entry);
    return within(promise, what, ms).finally(() => {
      const at = this.#waiting.indexOf(entry);
      if (at !== -1) this.#waiting.splice(at, 1);
    });
  }
}
