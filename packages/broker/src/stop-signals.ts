const EXIT_CODES: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGBREAK: 149 };

/** Waits for the first signal that asks the process to stop; a second one ends it at once. [instance 17, 21.5] */
export class StopSignals {
  /** Resolves with the name of the first signal. */
  readonly first: Promise<string>;
  readonly #listeners: Map<string, () => void> = new Map();

  constructor() {
    let count = 0;
    this.first = new Promise((resolve) => {
      for (const [signal, code] of Object.entries(EXIT_CODES)) {
        const listener = (): void => {
          count += 1;
          if (count > 1) process.exit(code);
          resolve(signal);
        };
        this.#listeners.set(signal, listener);
        process.on(signal, listener);
      }
    });
  }

  /** Listens no more. */
  dispose(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }
}
