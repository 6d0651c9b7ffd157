import type { BrokerError, NamedStates } from "@tsapollo/domain";
import type { Committer } from "./committer.ts";

/** The named values of a virtual host, all of them in memory and, when the host has a store, on disk. */
export class States implements NamedStates {
  readonly #values: Map<string, Uint8Array> = new Map();
  readonly #changed: Map<string, () => Uint8Array | undefined> = new Map();
  readonly #committer: Committer;

  constructor(committer: Committer) {
    this.#committer = committer;
    committer.beforeCommit(() => this.#write());
  }

  /** A value that an earlier process saved. */
  restore(key: string, value: Uint8Array): void {
    this.#values.set(key, value);
  }

  get(key: string): Uint8Array | undefined {
    const encode = this.#changed.get(key);
    return encode === undefined ? this.#values.get(key) : encode();
  }

  keys(prefix: string): readonly string[] {
    const found: string[] = [];
    for (const key of this.#values.keys()) if (key.startsWith(prefix)) found.push(key);
    for (const key of this.#changed.keys())
      if (key.startsWith(prefix) && !this.#values.has(key)) found.push(key);
    return found.filter((key) => this.get(key) !== undefined).sort();
  }

  save(key: string, encode: () => Uint8Array | undefined, done?: (error?: BrokerError) => void): void {
    this.#committer.unit(); // there is something to commit now
    this.#changed.set(key, encode);
    if (done !== undefined) this.#committer.afterDurable(done);
  }

  #write(): void {
    if (this.#changed.size === 0) return;
    const unit = this.#committer.unit();
    for (const [key, encode] of this.#changed) {
      const value = encode();
      if (value === undefined) {
        this.#values.delete(key);
        unit.removeState(key);
      } else {
        this.#values.set(key, value);
        unit.putState(key, value);
      }
    }
    this.#changed.clear();
  }
}
