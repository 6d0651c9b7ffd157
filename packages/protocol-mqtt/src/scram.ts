import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { BrokerError } from "@tsapollo/domain";
import type {
  AuthenticationExchange,
  AuthenticationMechanism,
  AuthenticationStep,
} from "./authentication.ts";

/** Finds a user's password; undefined: there is no such user, or the password is not known as such. */
export type PasswordSource = (user: string) => Promise<string | undefined>;

const METHOD = "SCRAM-SHA-256";
/** [RFC 7677, 4] asks for 4096 at least. */
const ITERATIONS = 4_096;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 18;
/** Longest message a client may send, in bytes. */
const MESSAGE_MAX = 4_096;
const CACHE_MAX = 1_024;

/** What is derived from a password. */
interface Secret {
  readonly password: string;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

const derive = promisify(pbkdf2);

/**
 * Proof of a password that is never sent: SCRAM-SHA-256. [RFC 5802] [RFC 7677] Works for users whose passwords the
 * broker knows as they are; who has proved to be somebody is then logged in as with name and password.
 */
export class ScramSha256 implements AuthenticationMechanism {
  readonly method: string = METHOD;
  readonly #passwordOf: PasswordSource;
  readonly #secrets = new Map<string, Secret>();
  /** Makes salts for users there are not, so that they look like others. */
  readonly #disguise: Buffer = randomBytes(KEY_BYTES);

  constructor(passwordOf: PasswordSource) {
    this.#passwordOf = passwordOf;
  }

  begin(): AuthenticationExchange {
    return new ScramExchange((user) => this.#secretOf(user));
  }

  async #secretOf(user: string): Promise<{ readonly secret: Secret; readonly isReal: boolean }> {
    const password = await this.#passwordOf(user);
    const known = this.#secrets.get(user);
    if (known !== undefined && known.password === password) return { secret: known, isReal: true };
    const salt =
      password === undefined ? hmac(this.#disguise, user).subarray(0, SALT_BYTES) : randomBytes(SALT_BYTES);
    const salted = await derive(password ?? "", salt, ITERATIONS, KEY_BYTES, "sha256");
    const storedKey = sha256(hmac(salted, "Client Key"));
    const secret: Secret = {
      password: password ?? "",
      salt,
      storedKey,
      serverKey: hmac(salted, "Server Key"),
    };
    if (password === undefined) return { secret, isReal: false };
    if (this.#secrets.size >= CACHE_MAX) this.#secrets.clear();
    this.#secrets.set(user, secret);
    return { secret, isReal: true };
  }
}

/** What is known after the first message. */
interface First {
  readonly user: string;
  readonly nonce: string;
  readonly header: string;
  /** Both first messages, as the proof covers them. */
  readonly text: string;
  readonly secret: Secret;
  readonly isReal: boolean;
}

/** One exchange: first message of the client, challenge, proof, signature. */
class ScramExchange implements AuthenticationExchange {
  readonly #secretOf: (user: string) => Promise<{ readonly secret: Secret; readonly isReal: boolean }>;
  #first: First | undefined;

  constructor(secretOf: (user: string) => Promise<{ readonly secret: Secret; readonly isReal: boolean }>) {
    this.#secretOf = secretOf;
  }

  async step(data: Uint8Array): Promise<AuthenticationStep> {
    if (data.length > MESSAGE_MAX) throw failed("a message is too long");
    const text = Buffer.from(data).toString("utf8");
    return this.#first === undefined ? this.#challenge(text) : this.#verify(text, this.#first);
  }

  /** `n,,n=user,r=nonce` → `r=nonce…,s=salt,i=4096` */
  async #challenge(message: string): Promise<AuthenticationStep> {
    const match = /^([ny],(?:a=[^,]*)?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/.exec(message);
    if (match === null) throw failed("the first message is none of SCRAM without channel binding");
    const [, header, bare, name, clientNonce] = match;
    const user = name!.replace(/=2C/g, ",").replace(/=3D/g, "=");
    const { secret, isReal } = await this.#secretOf(user);
    const nonce = clientNonce! + randomBytes(NONCE_BYTES).toString("base64");
    const challenge = `r=${nonce},s=${secret.salt.toString("base64")},i=${ITERATIONS}`;
    this.#first = { user, nonce, header: header!, text: `${bare},${challenge}`, secret, isReal };
    return { done: false, data: Buffer.from(challenge, "utf8") };
  }

  /** `c=header,r=nonce,p=proof` → `v=signature` */
  async #verify(message: string, first: First): Promise<AuthenticationStep> {
    const match = /^(c=([A-Za-z0-9+/=]+),r=([^,]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)$/.exec(message);
    if (match === null) throw failed("the last message is none of SCRAM");
    const [, withoutProof, binding, nonce, proofText] = match;
    if (Buffer.from(binding!, "base64").toString("utf8") !== first.header || nonce !== first.nonce) {
      throw failed("the last message does not belong to the first");
    }
    const { secret, user, isReal } = first;
    const covered = `${first.text},${withoutProof}`;
    const proof = Buffer.from(proofText!, "base64");
    const signature = hmac(secret.storedKey, covered);
    if (proof.length !== signature.length) throw failed("the proof is wrong");
    const clientKey = Buffer.from(proof.map((byte, at) => byte ^ signature[at]!));
    if (!timingSafeEqual(sha256(clientKey), secret.storedKey) || !isReal) throw failed("the proof is wrong");
    const verifier = `v=${hmac(secret.serverKey, covered).toString("base64")}`;
    return { done: true, data: Buffer.from(verifier, "utf8"), user, password: secret.password };
  }
}

function failed(why: string): BrokerError {
  return new BrokerError("AUTHENTICATION_FAILED", `${METHOD}: ${why}.`);
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text, "utf8").digest();
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
