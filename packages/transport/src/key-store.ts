import { createPrivateKey, X509Certificate } from "node:crypto";
import { BrokerError } from "@tsapollo/domain";
import { chainFor } from "./certificate-chain.ts";
import { isJks, type JksKey, readJks, unlockJksKey } from "./jks.ts";
import { isPkcs12, readPkcs12 } from "./pkcs12.ts";
import type { SecureMaterial } from "./secure-material.ts";

const JCEKS_MAGIC = "cececece";

/**
 * Reads a key store, whatever its name or configured type: PKCS#12, PEM or Java's JKS, told apart by content.
 * [instance 15, 21.3]
 * @param keyPassword opens the private key; empty means the store's password
 * @param alias which key, compared without regard to case; undefined: the first
 * @throws BrokerError KEYSTORE_UNREADABLE: wrong password, not a key store, no (such) key in it
 */
export async function readKeyStore(
  bytes: Uint8Array,
  password: string,
  keyPassword: string,
  alias?: string,
): Promise<SecureMaterial> {
  if (isJks(bytes)) return fromJks(bytes, password, keyPassword, alias);
  if (isPkcs12(bytes)) return readPkcs12(bytes, password, alias);
  const text = Buffer.from(bytes).toString("latin1");
  if (text.includes("-----BEGIN ")) return fromPem(text, keyPassword || password);
  const isJceks = Buffer.from(bytes.subarray(0, 4)).toString("hex") === JCEKS_MAGIC;
  throw new BrokerError(
    "KEYSTORE_UNREADABLE",
    isJceks
      ? "JCEKS key stores cannot be read; convert it: keytool -importkeystore -deststoretype PKCS12."
      : "This is not a key store: expected PKCS#12, PEM or JKS.",
  );
}

function fromJks(bytes: Uint8Array, password: string, keyPassword: string, alias?: string): SecureMaterial {
  const { keys, trusted } = readJks(bytes, password);
  const key = chooseKey(keys, alias);
  const clear = unlockJksKey(key, keyPassword || password);
  const pem = createPrivateKey({ key: Buffer.from(clear), format: "der", type: "pkcs8" }).export({
    format: "pem",
    type: "pkcs8",
  });
  // As in Java, the certificates of keys are trusted like those that were imported.
  const anchors = [...trusted, ...keys.flatMap((one) => one.chain.slice(0, 1))];
  return {
    key: String(pem),
    cert: key.chain.map(certificatePem).join(""),
    ca: anchors.map(certificatePem),
  };
}

function chooseKey(keys: readonly JksKey[], alias: string | undefined): JksKey {
  const key =
    alias === undefined ? keys[0] : keys.find((one) => one.alias.toLowerCase() === alias.toLowerCase());
  if (key !== undefined) return key;
  const names = keys.map((one) => `'${one.alias}'`).join(", ") || "none";
  const which = alias === undefined ? "no private key" : `no private key '${alias}'`;
  throw new BrokerError("KEYSTORE_UNREADABLE", `The key store holds ${which}; it holds: ${names}.`);
}

function certificatePem(der: Uint8Array): string {
  return new X509Certificate(der).toString();
}

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

function fromPem(text: string, password: string): SecureMaterial {
  const keys: string[] = [];
  const certificates: string[] = [];
  for (const [block, label] of text.matchAll(PEM_BLOCK)) {
    if (label!.endsWith("PRIVATE KEY")) keys.push(block);
    else if (label === "CERTIFICATE") certificates.push(`${block}\n`);
  }
  if (keys[0] === undefined)
    throw new BrokerError("KEYSTORE_UNREADABLE", "The PEM file holds no private key (BEGIN … PRIVATE KEY).");
  const key = openPemKey(keys[0], password);
  try {
    const cert = chainFor(key, certificates);
    if (cert === undefined)
      throw new BrokerError("KEYSTORE_UNREADABLE", "The PEM file holds no certificate for its private key.");
    return { key: String(key.export({ format: "pem", type: "pkcs8" })), cert, ca: certificates };
  } catch (cause) {
    if (cause instanceof BrokerError) throw cause;
    throw new BrokerError("KEYSTORE_UNREADABLE", "A certificate of the PEM file is damaged.", { cause });
  }
}

function openPemKey(pem: string, password: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey({ key: pem, passphrase: password });
  } catch (cause) {
    const locked = pem.includes("ENCRYPTED");
    const text = locked ? "The key password does not open the PEM key." : "The PEM key is damaged.";
    throw new BrokerError("KEYSTORE_UNREADABLE", text, { cause });
  }
}
