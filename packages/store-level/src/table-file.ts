import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32c } from "./crc32c.ts";
import { storeFailed } from "./failures.ts";
import { liveFiles } from "./manifest.ts";
import { snappyDecompress } from "./snappy.ts";
import { Varints } from "./varints.ts";

/*
 * LevelDB's sorted files (doc/table_format.md there): blocks, each followed by its kind of compression (1) and a
 * masked CRC-32C of both (4); an index block whose values are places of blocks; a footer with the index's place.
 */
const FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;
const SNAPPY = 1;
const MAGIC = Buffer.from("57fb808b247547db", "hex");
/** What is checked at every start: what a crash or a lying disk can have left unfinished is new. */
const NEWEST_BYTES = 64 * 1024 * 1024;

interface Place {
  readonly offset: number;
  readonly size: number;
}

/**
 * Checks the checksums of sorted files, the newest ones or all: LevelDB does not look at them by itself, and ends
 * the process over some kinds of damage.
 * @throws BrokerError STORE_FAILED naming the file that is damaged
 */
export function checkTables(directory: string, all: boolean): void {
  const { tables } = liveFiles(directory);
  const names = readdirSyncOrNone(directory).filter((name) => {
    return /^\d+\.(ldb|sst)$/.test(name) && tables.has(Number.parseInt(name, 10));
  });
  names.sort((one, other) => Number.parseInt(other, 10) - Number.parseInt(one, 10));
  let bytes = 0;
  for (const name of names) {
    const path = join(directory, name);
    bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes > NEWEST_BYTES && !all && name !== names[0]) return;
    const damage = damageOf(path);
    if (damage === undefined) continue;
    throw storeFailed(
      `The store in '${directory}' is damaged: ${path} ${damage}. Restore a backup, or move the directory away to begin with an empty store`,
    );
  }
}

function readdirSyncOrNone(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // nothing there yet
  }
}

function damageOf(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    // Another process has the store open and is done with this file.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (size < FOOTER_BYTES) return "is cut off";
    const footer = read(file, { offset: size - FOOTER_BYTES, size: FOOTER_BYTES });
    if (!footer.subarray(FOOTER_BYTES - MAGIC.length).equals(MAGIC)) return "has no valid end";
    const reader = new Varints(footer);
    const meta = placeFrom(reader);
    const index = placeFrom(reader);
    for (const place of [meta, index])
      if (!isGood(file, place, size)) return `is wrong at byte ${place.offset}`;
    for (const place of placesIn(block(file, index))) {
      if (!isGood(file, place, size)) return `is wrong at byte ${place.offset}`;
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

function placeFrom(reader: Varints): Place {
  const offset = reader.next();
  return { offset, size: reader.next() };
}

function read(file: number, { offset, size }: Place): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  readSync(file, bytes, 0, size, offset);
  return bytes;
}

function isGood(file: number, { offset, size }: Place, fileSize: number): boolean {
  if (offset + size + TRAILER_BYTES > fileSize) return false;
  const bytes = read(file, { offset, size: size + TRAILER_BYTES });
  const rotated = (bytes.readUInt32LE(size + 1) - 0xa282ead8) >>> 0;
  return crc32c(bytes, 0, size + 1) === ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

function block(file: number, { offset, size }: Place): Buffer {
  const bytes = read(file, { offset, size: size + 1 });
  const content = bytes.subarray(0, size);
  return bytes[size] === SNAPPY ? snappyDecompress(content) : content;
}

/** Places of blocks in an index block: entries of shared, own and value length, then key and value; restarts. */
function placesIn(index: Buffer): Place[] {
  const restarts = index.readUInt32LE(index.length - 4);
  const reader = new Varints(index.subarray(0, index.length - 4 * (restarts + 1)));
  const places: Place[] = [];
  while (!reader.atEnd) {
    reader.next();
    const ownLength = reader.next();
    const valueLength = reader.next();
    reader.at += ownLength;
    const end = reader.at + valueLength;
    places.push(placeFrom(reader));
    reader.at = end;
  }
  return places;
}
