import { readFile, stat } from "node:fs/promises";
import { BrokerError, type Clock, type Logger } from "@tsapollo/domain";

/** What became of a file. */
export type Loaded<T> =
  | { readonly state: "ready"; readonly value: T }
  | { readonly state: "missing" | "unreadable"; readonly error: Error };

/** How a file is read and watched. */
export interface WatchedFileParts<T> {
  readonly path: string;
  /** For logs: `properties file`, `address list`. */
  readonly title: string;
  /** Reads the text; throws when it makes no sense, then the file counts as unreadable. */
  readonly parse: (text: string) => T;
  readonly clock: Clock;
  readonly logger: Logger;
  /** While the file cannot be read, what it said last still counts; a missing file always counts as missing. */
  readonly keepsLast?: boolean;
  /** How long an answer is good for. Default 1000 ms. [instance 13.9] */
  readonly recheckMs?: number;
  /** Longest file that is read, in bytes. Default 16 MiB. */
  readonly sizeBytesMax?: number;
}

/**
 * A small file that people edit while the broker runs. It is looked at when somebody asks, at most once per
 * `recheckMs`, and read again when its time, size or identity changed or when it could not be read before.
 * [instance 13.9]
 */
export class WatchedFile<T> {
  readonly #parts: WatchedFileParts<T>;
  readonly #recheckMs: number;
  readonly #sizeBytesMax: number;
  #loaded: Loaded<T> | undefined;
  #loading: Promise<Loaded<T>> | undefined;
  #checkedAtMs = 0;
  #stamp = "";
  #reported = "";

  constructor(parts: WatchedFileParts<T>) {
    this.#parts = parts;
    this.#recheckMs = parts.recheckMs ?? 1_000;
    this.#sizeBytesMax = parts.sizeBytesMax ?? 16 * 1_048_576;
  }

  /** What the file says now, give or take `recheckMs`. Never rejects. */
  async read(): Promise<Loaded<T>> {
    if (this.#loading !== undefined) return this.#loading;
    const nowMs = this.#parts.clock.nowMs();
    const ageMs = nowMs - this.#checkedAtMs; // negative when the machine's clock was set back
    if (this.#loaded !== undefined && ageMs >= 0 && ageMs < this.#recheckMs) return this.#loaded;
    this.#checkedAtMs = nowMs;
    this.#loading = this.#refresh();
    this.#loaded = await this.#loading;
    this.#loading = undefined;
    return this.#loaded;
  }

  async #refresh(): Promise<Loaded<T>> {
    try {
      const stats = await stat(this.#parts.path, { bigint: true });
      const stamp = `${stats.mtimeNs} ${stats.ctimeNs} ${stats.size} ${stats.ino}`;
      if (this.#loaded?.state === "ready" && stamp === this.#stamp) {
        this.#reported = "";
        return this.#loaded;
      }
      if (!stats.isFile()) throw new BrokerError("BAD_CONFIGURATION", "it is not a file");
      if (stats.size > this.#sizeBytesMax) {
        throw new BrokerError(
          "BAD_CONFIGURATION",
          `it has ${stats.size} bytes, at most ${this.#sizeBytesMax} are read`,
        );
      }
      const value = this.#parts.parse(decode(await readFile(this.#parts.path)));
      this.#stamp = stamp;
      this.#reported = "";
      return { state: "ready", value };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      const state = isMissing(error) ? "missing" : "unreadable";
      const kept = this.#parts.keepsLast === true && state === "unreadable" ? this.#loaded : undefined;
      this.#report(error, kept?.state === "ready" ? "; what it said before still counts" : "");
      return kept?.state === "ready" ? kept : { state, error };
    }
  }

  /** Says it once, not once per second. */
  #report(error: Error, consequence: string): void {
    if (this.#reported === error.message) return;
    this.#reported = error.message;
    const { logger, title, path } = this.#parts;
    logger.warn({ reason: error.message }, `Unable to load ${title}: ${path}${consequence}`);
  }
}

function isMissing(error: Error): boolean {
  return "code" in error && error.code === "ENOENT";
}

/** UTF-8; what is not is taken for ISO 8859-1, the old encoding of properties files. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}
