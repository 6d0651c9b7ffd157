import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { BrokerError } from "@tsapollo/domain";

/** Name of the environment variable that holds the password of `ENC(...)` values. [instance 6] */
export const ENCRYPTION_PASSWORD_VARIABLE = "APOLLO_ENCRYPTION_PASSWORD";

const ROUNDS = 1_000;
const SALT_BYTES = 8;
const BLOCK_BYTES = 8;

/** Whether a value is in the encrypted form `ENC(...)`, blanks around it aside. [instance 6] */
export function isEncrypted(value: string): boolean {
  const trimmed = value.trim();
  return trimmed.startsWith("ENC(") && trimmed.endsWith(")");
}

/**
 * Encrypts a value to `ENC(<base64>)`, as `PBEWithMD5AndDES` does. The scheme hides a value from a glance, not from
 * an attacker; it is kept because existing files use it. Each call gives another result. [instance 6]
 */
export function encryptValue(clear: string, password: string): string {
  const salt = randomBytes(SALT_BYTES);
  const { key, iv } = derive(password, salt);
  const cipher = createCipheriv("des-ede3-cbc", key, iv);
  const blob = Buffer.concat([salt, cipher.update(clear, "utf8"), cipher.final()]);
  return `ENC(${blob.toString("base64")})`;
}

/**
 * Decrypts `ENC(<base64>)` or the bare base64. [instance 6]
 * @throws BrokerError BAD_CONFIGURATION when the value is damaged or the password is wrong or missing
 */
export function decryptValue(value: string, password: string | undefined): string {
  if (password === undefined || password === "") {
    throw new BrokerError(
      "BAD_CONFIGURATION",
      `an encrypted value needs its password; set the environment variable ${ENCRYPTION_PASSWORD_VARIABLE}`,
    );
  }
  const trimmed = value.trim();
  const blob = Buffer.from(isEncrypted(trimmed) ? trimmed.slice(4, -1) : trimmed, "base64");
  const cipherBytes = blob.length - SALT_BYTES;
  if (cipherBytes < BLOCK_BYTES || cipherBytes % BLOCK_BYTES !== 0) throw undecipherable();
  const { key, iv } = derive(password, blob.subarray(0, SALT_BYTES));
  const decipher = createDecipheriv("des-ede3-cbc", key, iv);
  try {
    const clear = Buffer.concat([decipher.update(blob.subarray(SALT_BYTES)), decipher.final()]);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(clear);
  } catch (cause) {
    throw undecipherable(cause);
  }
}

function undecipherable(cause?: unknown): BrokerError {
  return new BrokerError(
    "BAD_CONFIGURATION",
    `an encrypted value cannot be decrypted; it is damaged or ${ENCRYPTION_PASSWORD_VARIABLE} is not the password it was encrypted with`,
    { cause },
  );
}

function derive(password: string, salt: Uint8Array): { readonly key: Buffer; readonly iv: Buffer } {
  let digest = createHash("md5").update(password, "utf8").update(salt).digest();
  for (let round = 1; round < ROUNDS; round += 1) digest = createHash("md5").update(digest).digest();
  const des = digest.subarray(0, 8);
  // OpenSSL 3 refuses single DES; triple DES with one key thrice is the same cipher.
  return { key: Buffer.concat([des, des, des]), iv: digest.subarray(8, 16) };
}
