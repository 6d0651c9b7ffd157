import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { type Asker, WaitingLine } from "./waiting-line.ts";

/** A password that everybody can read who can read the file. */
export interface PlainPassword {
  readonly form: "plain";
  readonly text: string;
}

/** A password as a users file keeps it: readable, one-way, or spoilt. */
export type StoredPassword =
  | PlainPassword
  | { readonly form: "scrypt"; readonly salt: Uint8Array; readonly hash: Uint8Array }
  | { readonly form: "malformed" };

/** N=2^14, r=8, p=5: 16 MiB and about 150 ms; fixed, so the stored form needs no parameters. */
const COST = Object.freeze({ N: 16_384, r: 8, p: 5 });
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const SCRYPT_FORM = /^scrypt\(([A-Za-z0-9+/]+={0,2}),([A-Za-z0-9+/]+={0,2})\)$/;

/**
 * The one-way form of a password for a users file: `scrypt(<salt>,<hash>)`, both in Base64, with a fresh salt.
 * [instance 21.4]
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, HASH_BYTES);
  return `scrypt(${salt.toString("base64")},${hash.toString("base64")})`;
}

/** Recognises the form of a clear or one-way value; whatever does not begin with `scrypt(` is plain. */
export function readStoredPassword(value: string): StoredPassword {
  if (!value.startsWith("scrypt(")) return { form: "plain", text: value };
  const parts = SCRYPT_FORM.exec(value);
  const salt = Buffer.from(parts?.[1] ?? "", "base64");
  const hash = Buffer.from(parts?.[2] ?? "", "base64");
  const usable = salt.length >= 8 && salt.length <= 64 && hash.length >= 16 && hash.length <= 64;
  return usable ? { form: "scrypt", salt, hash } : { form: "malformed" };
}

/** Bounds of a {@link PasswordChecker}. */
export interface PasswordCheckerLimits {
  /** Computations at once. Node has four threads for these and for the disk; the disk needs some. Default 2. */
  readonly parallelMax?: number;
  /** Checks that may wait for their turn; more are refused. Default 1000. */
  readonly waitingMax?: number;
  /** Of these, for one user name from one address. Default 16. */
  readonly waitingPerAskerMax?: number;
  /** Proven passwords that are remembered, so that reconnecting is cheap. Default 10000. */
  readonly rememberedMax?: number;
}

/**
 * Compares passwords in constant time, one-way ones off the event loop and few at a time. A password that proved
 * right is remembered as a keyed digest, with a key that never leaves the process: thousands of clients that
 * reconnect at once cost one computation per account.
 */
export class PasswordChecker {
  readonly #parallelMax: number;
  readonly #rememberedMax: number;
  readonly #key: Uint8Array = randomBytes(32);
  readonly #proven = new Map<string, Uint8Array>();
  /** What is being found out, so that many who ask the same from one address wait for one answer. */
  readonly #pending = new Map<string, Promise<boolean>>();
  readonly #plain = new WeakMap<PlainPassword, Uint8Array>();
  readonly #waiting: WaitingLine;
  #running = 0;

  constructor(limits: PasswordCheckerLimits = {}) {
    this.#parallelMax = limits.parallelMax ?? 2;
    this.#rememberedMax = limits.rememberedMax ?? 10_000;
    this.#waiting = new WaitingLine({
      waitingMax: limits.waitingMax ?? 1_000,
      waitingPerAskerMax: limits.waitingPerAskerMax ?? 16,
    });
  }

  /**
   * Whether the given password is the stored one.
   * @param asker who wants to know; addresses take turns
   * @throws BrokerError AUTHENTICATION_FAILED when too many checks wait already
   */
  async matches(stored: StoredPassword, given: string, asker: Asker = UNKNOWN_ASKER): Promise<boolean> {
    if (stored.form === "malformed") return false;
    if (stored.form === "plain") return isSame(this.#bytesOf(stored), given);
    const account = Buffer.from(stored.hash).toString("base64");
    const proof = createHmac("sha256", this.#key).update(stored.salt).update(given, "utf8").digest();
    if (this.#isProven(account, proof)) return true;
    const question = JSON.stringify([asker.user, asker.address, account, proof.toString("base64")]);
    const known = this.#pending.get(question);
    if (known !== undefined) return known;
    const answer = this.#compute(stored, given, asker, { account, proof }).finally(() =>
      this.#pending.delete(question),
    );
    this.#pending.set(question, answer);
    return answer;
  }

  async #compute(
    stored: StoredPassword & { form: "scrypt" },
    given: string,
    asker: Asker,
    { account, proof }: Proof,
  ): Promise<boolean> {
    await this.#enter(asker);
    try {
      if (this.#isProven(account, proof)) return true; // somebody proved it while this one waited
      const hash = await derive(given, stored.salt, stored.hash.length);
      const right = timingSafeEqual(hash, stored.hash);
      if (right) this.#remember(account, proof);
      return right;
    } finally {
      this.#leave();
    }
  }

  #bytesOf(stored: PlainPassword): Uint8Array {
    let known = this.#plain.get(stored);
    if (known === undefined) {
      known = Buffer.from(stored.text, "utf8");
      this.#plain.set(stored, known);
    }
    return known;
  }

  #isProven(account: string, proof: Uint8Array): boolean {
    const known = this.#proven.get(account);
    return known !== undefined && timingSafeEqual(known, proof);
  }

  #remember(account: string, proof: Uint8Array): void {
    if (this.#proven.size >= this.#rememberedMax) this.#proven.clear(); // simpler than ageing, and rare
    this.#proven.set(account, proof);
  }

  async #enter(asker: Asker): Promise<void> {
    if (this.#running < this.#parallelMax) this.#running += 1;
    else await this.#waiting.wait(asker);
  }

  /** The next one takes over the place of the one that leaves. */
  #leave(): void {
    if (!this.#waiting.next()) this.#running -= 1;
  }
}

const UNKNOWN_ASKER: Asker = Object.freeze({ user: "", address: "" });

interface Proof {
  readonly account: string;
  readonly proof: Uint8Array;
}

/** Takes a time that depends on the given text only: one of another length is compared with itself. */
function isSame(stored: Uint8Array, given: string): boolean {
  const bytes = Buffer.from(given, "utf8");
  const isAsLong = bytes.length === stored.length;
  return timingSafeEqual(bytes, isAsLong ? stored : bytes) && isAsLong;
}

function derive(password: string, salt: Uint8Array, lengthBytes: number): Promise<Buffer> {
  return new Promise((done, fail) => {
    scrypt(password, salt, lengthBytes, COST, (error, hash) => (error === null ? done(hash) : fail(error)));
  });
}
