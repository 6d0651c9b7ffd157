/**
 * A log file that rolls over when it has grown: `apollo.log` becomes `apollo.log.1`, that `.2`, and so on. Lines
 * wait a moment so that many leave in one write; `flush` sends them at once. Nothing here ever throws: when the
 * disk refuses, lines are dropped and counted, and the count is told when writing works again. [instance 3.6]
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock, Timer } from "@tsapollo/domain";

/** How long a line waits at most for company, in milliseconds. */
export const FLUSH_DELAY_MS = 100;

/** How much waits at most, in bytes. */
export const PENDING_BYTES_MAX = 16_384;

const LF = 0x0a;

/** What a rolling file is made of. */
export interface RollingFileParts {
  readonly path: string;
  readonly fileBytesMax: number;
  readonly backupsMax: number;
  readonly append: boolean;
  readonly clock: Clock;
  /** Told when lines were lost, once per incident. */
  readonly report: (text: string) => void;
  /** Node's `writeSync`; a test passes one that fails. */
  readonly write?: (descriptor: number, bytes: Uint8Array) => number;
}

/** One log file; see above. */
export class RollingFile {
  readonly #parts: RollingFileParts;
  readonly #write: (descriptor: number, bytes: Uint8Array) => number;
  #descriptor: number | undefined;
  /** Bytes in the file. */
  #fileBytes = 0;
  /** Roll over at this size; later than configured after a roll that failed. */
  #rollAtBytes: number;
  #pending: string[] = [];
  #pendingBytes = 0;
  #timer: Timer | undefined;
  #linesLost = 0;
  #reason = "";
  /** The file ends amid a line, because the disk filled up there. */
  #torn = false;
  #closed = false;

  constructor(parts: RollingFileParts) {
    this.#parts = parts;
    this.#write = parts.write ?? ((descriptor, bytes) => writeSync(descriptor, bytes));
    this.#rollAtBytes = parts.fileBytesMax;
    if (!this.#open(parts.append ? "a" : "w")) {
      parts.report(`cannot write ${parts.path}: ${this.#reason}; its lines are lost until that is mended`);
    }
  }

  /** Takes one entry of whole lines. */
  append(text: string): void {
    if (this.#closed) return;
    this.#pending.push(text);
    this.#pendingBytes += Buffer.byteLength(text);
    const full = this.#fileBytes + this.#pendingBytes >= this.#rollAtBytes;
    if (full || this.#pendingBytes >= PENDING_BYTES_MAX) this.flush();
    else this.#timer ??= this.#parts.clock.after(FLUSH_DELAY_MS, () => this.flush());
    if (this.#fileBytes >= this.#rollAtBytes) this.#roll();
  }

  /** Writes what waits. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    const bytes = Buffer.from(this.#pending.join(""));
    this.#pending = [];
    this.#pendingBytes = 0;
    if (this.#descriptor === undefined && !this.#open("a")) this.#lose(bytes);
    else if (this.#writeAll(bytes)) this.#recovered();
  }

  /** Leaves the file to whoever moved it away and goes on in a new one of the same name. [instance 21.5] */
  reopen(): void {
    if (this.#closed) return;
    this.flush();
    this.#closeDescriptor();
    this.#open("a");
  }

  /** Writes what waits and lets go of the file; later lines are forgotten. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#closeDescriptor();
    this.#recovered();
  }

  #open(flags: "a" | "w"): boolean {
    try {
      mkdirSync(dirname(this.#parts.path), { recursive: true });
      this.#descriptor = openSync(this.#parts.path, flags);
      this.#fileBytes = fstatSync(this.#descriptor).size;
      return true;
    } catch (error) {
      this.#reason = (error as Error).message;
      this.#fileBytes = 0;
      return false;
    }
  }

  #writeAll(bytes: Uint8Array): boolean {
    let done = 0;
    try {
      if (this.#torn) this.#fileBytes += this.#write(this.#descriptor!, Uint8Array.of(LF));
      this.#torn = false;
      while (done < bytes.length) {
        const count = this.#write(this.#descriptor!, bytes.subarray(done)); // nearly always all of it
        done += count;
        this.#fileBytes += count;
      }
      return true;
    } catch (error) {
      this.#reason = (error as Error).message;
      if (done > 0) this.#torn = bytes[done - 1] !== LF;
      this.#lose(bytes.subarray(done));
      this.#closeDescriptor(); // the next attempt opens it anew, should the handle have gone stale
      return false;
    }
  }

  #lose(bytes: Uint8Array): void {
    for (const byte of bytes) if (byte === LF) this.#linesLost += 1;
  }

  #recovered(): void {
    if (this.#linesLost === 0) return;
    this.#parts.report(`${this.#linesLost} lines of ${this.#parts.path} were lost: ${this.#reason}`);
    this.#linesLost = 0;
  }

  #roll(): void {
    const { path, backupsMax, fileBytesMax } = this.#parts;
    this.#closeDescriptor();
    try {
      if (backupsMax > 0) {
        rmSync(`${path}.${backupsMax}`, { force: true });
        for (let index = backupsMax - 1; index > 0; index -= 1)
          renameIfThere(`${path}.${index}`, `${path}.${index + 1}`);
        renameSync(path, `${path}.1`);
      }
      this.#open("w");
      this.#torn = false;
      this.#rollAtBytes = fileBytesMax;
    } catch {
      this.#open("a"); // a backup that cannot be moved costs the limit, not the lines
      this.#rollAtBytes = this.#fileBytes + fileBytesMax;
    }
  }

  #closeDescriptor(): void {
    if (this.#descriptor === undefined) return;
    try {
      closeSync(this.#descriptor);
    } catch (error) {
      this.#reason = (error as Error).message; // some network file systems tell of a full disk only here
    }
    this.#descriptor = undefined;
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
