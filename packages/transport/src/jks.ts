import { createHash, timingSafeEqual } from "node:crypto";
import { BrokerError } from "@tsapollo/domain";
import { readDer } from "./der.ts";

/** A private key of a Java key store, still locked, with its certificates (DER, leaf first). */
export interface JksKey {
  readonly alias: string;
  readonly locked: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

/** What a Java key store holds. */
export interface JksContent {
  readonly keys: readonly JksKey[];
  /** Trusted certificates, DER. */
  readonly trusted: readonly Uint8Array[];
}

const MAGIC = 0xfeedfeed;
const DIGEST_BYTES = 20;
const KEY_ENTRY = 1;
const WHITENER = "Mighty Aphrodite";

/** Whether bytes are a key store in Java's JKS format. */
export function isJks(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && Buffer.from(bytes.subarray(0, 4)).readUInt32BE() === MAGIC;
}

/**
 * Reads a key store in Java's JKS format. [instance 15]
 * @throws BrokerError KEYSTORE_UNREADABLE
 */
export function readJks(bytes: Uint8Array, password: string): JksContent {
  const body = bytes.subarray(0, bytes.length - DIGEST_BYTES);
  const digest = sha1(utf16(password), Buffer.from(WHITENER), body);
  if (!timingSafeEqual(digest, bytes.subarray(body.length)))
    throw new BrokerError(
      "KEYSTORE_UNREADABLE",
      "The password of the key store is wrong, or the file is damaged.",
    );
  try {
    return readEntries(new Reader(Buffer.from(body)));
  } catch (cause) {
    if (cause instanceof BrokerError) throw cause;
    throw new BrokerError("KEYSTORE_UNREADABLE", "The key store is damaged: an entry is cut off.", { cause });
  }
}

/**
 * Unlocks a private key. @returns PKCS#8, DER
 * @throws BrokerError KEYSTORE_UNREADABLE when the password does not fit
 */
export function unlockJksKey(key: JksKey, password: string): Uint8Array {
  const pw = utf16(password);
  const octets = readDer(readDer(key.locked)[0]!.content)[1]!.content;
  const cipher = octets.subarray(DIGEST_BYTES, octets.length - DIGEST_BYTES);
  const clear = new Uint8Array(cipher.length);
  let block = octets.subarray(0, DIGEST_BYTES);
  for (let at = 0; at < cipher.length; at += DIGEST_BYTES) {
    block = sha1(pw, block);
    for (let i = 0; i < DIGEST_BYTES && at + i < cipher.length; i++)
      clear[at + i] = cipher[at + i]! ^ block[i]!;
  }
  if (timingSafeEqual(sha1(pw, clear), octets.subarray(octets.length - DIGEST_BYTES))) return clear;
  throw new BrokerError("KEYSTORE_UNREADABLE", `The key password does not open the key '${key.alias}'.`);
}

function readEntries(reader: Reader): JksContent {
  reader.skip(4);
  const version = reader.u32();
  if (version !== 1 && version !== 2)
    throw new BrokerError("KEYSTORE_UNREADABLE", `JKS version ${version} is unknown; versions 1 and 2 are.`);
  const keys: JksKey[] = [];
  const trusted: Uint8Array[] = [];
  const certificate = (): Uint8Array => {
    if (version === 2) reader.text();
    return reader.take(reader.u32());
  };
  for (let left = reader.u32(); left > 0; left--) {
    const tag = reader.u32();
    const alias = reader.text();
    reader.skip(8);
    if (tag !== KEY_ENTRY) {
      trusted.push(certificate());
      continue;
    }
    const locked = reader.take(reader.u32());
    const chain: Uint8Array[] = [];
    for (let certificates = reader.u32(); certificates > 0; certificates--) chain.push(certificate());
    keys.push({ alias, locked, chain });
  }
  return { keys, trusted };
}

/** Reads big-endian fields; RangeError at the end of the bytes. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  skip(size: number): void {
    this.#at += size;
  }
  u32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }
  /** Java's modified UTF-8 differs from UTF-8 only in characters that aliases do not have. */
  text(): string {
    const size = this.#bytes.readUInt16BE(this.#at);
    this.#at += 2;
    return Buffer.from(this.take(size)).toString("utf8");
  }
  take(size: number): Uint8Array {
    if (this.#at + size > this.#bytes.length) throw new RangeError("cut off");
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}

function utf16(password: string): Buffer {
  return Buffer.from(password, "utf16le").swap16();
}

function sha1(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
