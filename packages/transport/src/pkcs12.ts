import { createPrivateKey } from "node:crypto";
import { createSecureContext } from "node:tls";
import { BrokerError } from "@tsapollo/domain";
import type forge from "node-forge";
import { chainFor } from "./certificate-chain.ts";
import type { SecureMaterial } from "./secure-material.ts";

/** Whether bytes begin as a PKCS#12 store does: a long DER sequence whose first member is version 3. */
export function isPkcs12(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x30 || bytes[1] === undefined || bytes[1] < 0x80) return false;
  const at = 2 + (bytes[1] & 0x7f);
  return bytes[at] === 0x02 && bytes[at + 1] === 1 && bytes[at + 2] === 3;
}

/**
 * Reads a PKCS#12 store. OpenSSL does it unless it cannot: it neither chooses among several keys nor reads the
 * RC2 encryption of Java before 16; a library does that.
 * @throws BrokerError KEYSTORE_UNREADABLE
 */
export async function readPkcs12(
  bytes: Uint8Array,
  password: string,
  alias: string | undefined,
): Promise<SecureMaterial> {
  if (alias !== undefined) return readWithLibrary(bytes, password, alias);
  try {
    createSecureContext({ pfx: Buffer.from(bytes), passphrase: password, ca: [] });
  } catch (cause) {
    const text = String((cause as Error).message);
    if (/mac verify/i.test(text)) throw wrongPassword(cause);
    return readWithLibrary(bytes, password, alias);
  }
  return { pfx: bytes, passphrase: password, ca: [], pfxCa: await certificatesOf(bytes, password) };
}

/** OpenSSL trusts them without showing them. None when the library cannot read what OpenSSL can. */
async function certificatesOf(bytes: Uint8Array, password: string): Promise<string[]> {
  const { default: library } = await import("node-forge");
  try {
    const { certBag } = library.pki.oids;
    const store = openStore(library, bytes, password);
    return found(store, [certBag!], (bag) => certificatePem(library, bag)).map((one) => one.pem);
  } catch {
    return [];
  }
}

function wrongPassword(cause: unknown): BrokerError {
  return new BrokerError(
    "KEYSTORE_UNREADABLE",
    "The password of the key store is wrong, or the file is damaged.",
    { cause },
  );
}

interface Found {
  readonly name: string | undefined;
  readonly pem: string;
}

async function readWithLibrary(
  bytes: Uint8Array,
  password: string,
  alias: string | undefined,
): Promise<SecureMaterial> {
  const { default: library } = await import("node-forge");
  const { pkcs8ShroudedKeyBag, keyBag, certBag } = library.pki.oids;
  const store = openStore(library, bytes, password);
  const keys = found(store, [pkcs8ShroudedKeyBag!, keyBag!], (bag) => keyPem(library, bag));
  const certificates = found(store, [certBag!], (bag) => certificatePem(library, bag));
  const key =
    alias === undefined ? keys[0] : keys.find((one) => one.name?.toLowerCase() === alias.toLowerCase());
  if (key === undefined) {
    const names = keys.map((one) => `'${one.name ?? ""}'`).join(", ");
    const which = alias === undefined ? "no private key" : `no private key '${alias}'`;
    throw new BrokerError(
      "KEYSTORE_UNREADABLE",
      `The key store holds ${which}; it holds: ${names || "none"}.`,
    );
  }
  const pems = certificates.map((one) => one.pem);
  const cert = chainFor(createPrivateKey(key.pem), pems);
  if (cert === undefined)
    throw new BrokerError("KEYSTORE_UNREADABLE", "The key store holds no certificate for its private key.");
  return { key: key.pem, cert, ca: pems };
}

function openStore(library: typeof forge, bytes: Uint8Array, password: string): forge.pkcs12.Pkcs12Pfx {
  try {
    const der = library.util.createBuffer(Buffer.from(bytes).toString("binary"));
    return library.pkcs12.pkcs12FromAsn1(library.asn1.fromDer(der), false, password);
  } catch (cause) {
    const text = (cause as Error).message;
    if (/mac could not be verified|invalid password/i.test(text)) throw wrongPassword(cause);
    throw new BrokerError("KEYSTORE_UNREADABLE", `The PKCS#12 store cannot be read: ${text}`, { cause });
  }
}

function found(
  store: forge.pkcs12.Pkcs12Pfx,
  types: readonly string[],
  pem: (bag: forge.pkcs12.Bag) => string,
): Found[] {
  const bags = types.flatMap((type) => store.getBags({ bagType: type })[type] ?? []);
  return bags.map((bag) => {
    const { friendlyName } = bag.attributes as { friendlyName?: string[] };
    return { name: friendlyName?.[0], pem: pem(bag) };
  });
}

function keyPem(library: typeof forge, bag: forge.pkcs12.Bag): string {
  // The library knows RSA keys only; others stay as they were encoded.
  const asn1 = bag.key ? library.pki.wrapRsaPrivateKey(library.pki.privateKeyToAsn1(bag.key)) : bag.asn1;
  return pemOf("PRIVATE KEY", library.asn1.toDer(asn1).getBytes());
}

function certificatePem(library: typeof forge, bag: forge.pkcs12.Bag): string {
  const asn1 = bag.cert ? library.pki.certificateToAsn1(bag.cert) : bag.asn1;
  return pemOf("CERTIFICATE", library.asn1.toDer(asn1).getBytes());
}

function pemOf(label: string, binary: string): string {
  const lines =
    Buffer.from(binary, "binary")
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
