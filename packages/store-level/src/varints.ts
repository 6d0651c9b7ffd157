/** Reads the whole numbers of LevelDB's files, one after the other. */
export class Varints {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Whether nothing is left. */
  get atEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** The next number. */
  next(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  /** Skips bytes that their length stands before. */
  skipBytes(): void {
    const length = this.next();
    this.at += length;
  }
}
