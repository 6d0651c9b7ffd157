import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { extract, type Pack, pack } from "tar-stream";
import { reasonOf, storeFailed } from "../failures.ts";

/** Larger files in an archive are taken for damage. */
const FILE_BYTES_MAX = 2_000_000_000;

/** A gzip-compressed tar archive that is being written: files named by a running number and what they are. */
export class TarWriter {
  readonly #path: string;
  readonly #pack: Pack = pack();
  readonly #written: Promise<void>;
  #number = 0;

  /** @param path the file; it gets its name when it is complete */
  constructor(path: string) {
    this.#path = path;
    const file = createWriteStream(this.#unfinished, { mode: 0o600, flags: "w" });
    this.#written = pipeline(this.#pack, createGzip(), file);
    this.#written.catch(() => undefined); // told by whoever waits for it
  }

  get #unfinished(): string {
    return `${this.#path}.unfinished`;
  }

  /** Adds a file; resolves when there is room for more. */
  async add(kind: string, content: Buffer): Promise<void> {
    const name = `${this.#number}.${kind}`;
    this.#number += 1;
    const entry = new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null): void => (error ? reject(error) : resolve());
      this.#pack.entry({ name, size: content.length, mode: 0o644 }, content, done);
    });
    await Promise.race([entry, this.#written]);
  }

  /** @throws BrokerError STORE_FAILED when it cannot be written */
  async finish(): Promise<void> {
    this.#pack.finalize();
    try {
      await this.#written;
      await rename(this.#unfinished, this.#path);
    } catch (error) {
      throw storeFailed(`The archive '${this.#path}' cannot be written: ${reasonOf(error)}`, error);
    }
  }

  /** Gives up. */
  async abandon(): Promise<void> {
    this.#pack.destroy();
    await this.#written.catch(() => undefined);
    await rm(this.#unfinished, { force: true });
  }
}

/** A file of an archive. */
export interface TarFile {
  readonly name: string;
  readonly content: Buffer;
}

/**
 * The files of an archive, one by one.
 * @throws BrokerError STORE_FAILED when it cannot be read, is no archive or is cut off
 */
export async function* readTar(path: string): AsyncGenerator<TarFile> {
  const files = extract();
  const read = pipeline(createReadStream(path), createGunzip(), files);
  read.catch(() => undefined); // the loop below meets it, too
  try {
    for await (const entry of files) {
      const { name, size = 0, type } = entry.header;
      if (size > FILE_BYTES_MAX) throw new Error(`${name} has ${size} bytes`);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (type === "file" || type === "contiguous-file") yield { name, content: Buffer.concat(chunks) };
    }
    await read;
  } catch (error) {
    throw storeFailed(`The archive '${path}' cannot be read: ${reasonOf(error)}`, error);
  } finally {
    files.destroy();
  }
}
