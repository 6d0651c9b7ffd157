import { generateKeyPair, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { promisify } from "node:util";
import forge from "node-forge";

/** The password of every generated key store; `etc/apollo.xml` names it. [instance 2] */
export const KEYSTORE_PASSWORD = "password";

const VALID_DAYS = 3_650;
const CLOCK_SKEW_MS = 3_600_000;
const MS_PER_DAY = 86_400_000;
const SERIAL_BYTES = 16;
const PASSWORD_ROUNDS = 10_000;
/** Kinds of a subjectAltName, RFC 5280 section 4.2.1.6. */
const DNS_NAME = 2;
const IP_ADDRESS = 7;
const DNS_PATTERN = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;

/**
 * A key store as PKCS#12: an RSA key with a self-signed certificate for a host. Node, OpenSSL and Java read it.
 * [instance 1.5, 21.1]
 * @param host common name, first alternative name and alias of the key
 * @param keyBits length of the RSA modulus
 */
export async function generateKeystore(host: string, keyBits: number): Promise<Buffer> {
  const pair = await promisify(generateKeyPair)("rsa", {
    modulusLength: keyBits,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const privateKey = forge.pki.privateKeyFromPem(pair.privateKey);
  const certificate = selfSigned(host, forge.pki.publicKeyFromPem(pair.publicKey), privateKey);
  const store = forge.pkcs12.toPkcs12Asn1(privateKey, [certificate], KEYSTORE_PASSWORD, {
    algorithm: "aes256",
    count: PASSWORD_ROUNDS,
    friendlyName: host,
  });
  return Buffer.from(forge.asn1.toDer(store).getBytes(), "binary");
}

function selfSigned(
  host: string,
  publicKey: forge.pki.rsa.PublicKey,
  privateKey: forge.pki.rsa.PrivateKey,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = new Date(Date.now() - CLOCK_SKEW_MS);
  certificate.validity.notAfter = new Date(Date.now() + VALID_DAYS * MS_PER_DAY);
  const name = [
    { name: "commonName", value: host, valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class },
  ];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: "basicConstraints", cA: false },
    { name: "extKeyUsage", serverAuth: true, clientAuth: true },
    { name: "subjectAltName", altNames: alternativeNames(host) },
    { name: "subjectKeyIdentifier" },
  ]);
  certificate.sign(privateKey, forge.md.sha256.create());
  return certificate;
}

function serialNumber(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  // Positive and without a leading zero byte, as RFC 5280 section 4.1.2.2 wants it.
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

/** A host name with a blank, say, can name a broker but no machine; it stays out of the list. */
function alternativeNames(host: string): object[] {
  const hosts = new Set([host, "localhost", "127.0.0.1"]);
  return [...hosts]
    .filter((name) => isIP(name) !== 0 || DNS_PATTERN.test(name))
    .map((name) => (isIP(name) === 0 ? { type: DNS_NAME, value: name } : { type: IP_ADDRESS, ip: name }));
}
