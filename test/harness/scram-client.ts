import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

const hmac = (key: Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** The client's side of SCRAM-SHA-256. [RFC 5802] */
export class ScramClient {
  readonly #bare: string;
  readonly #password: string;

  constructor(user: string, password: string) {
    this.#bare = `n=${user},r=abcdefgh`;
    this.#password = password;
  }

  /** The first message. */
  get first(): string {
    return `n,,${this.#bare}`;
  }

  /** The answer to a challenge. */
  final(challenge: string): string {
    const [, nonce, salt, rounds] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(challenge)!;
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt!, "base64"), Number(rounds), 32, "sha256");
    const clientKey = hmac(salted, "Client Key");
    const withoutProof = `c=biws,r=${nonce}`;
    const stored = createHash("sha256").update(clientKey).digest();
    const signature = hmac(stored, `${this.#bare},${challenge},${withoutProof}`);
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!));
    return `${withoutProof},p=${proof.toString("base64")}`;
  }
}
