import forge from "node-forge";

/** A key pair with its certificate. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
  readonly forgeKey: forge.pki.rsa.PrivateKey;
  readonly forgeCert: forge.pki.Certificate;
}

let serial = 1;

/** Makes a certificate, signed by an issuer or by itself. */
export function issue(
  attributes: readonly { readonly shortName: string; readonly value: string }[],
  issuer?: Identity,
  isAuthority: boolean = issuer === undefined,
  pair: forge.pki.rsa.KeyPair = forge.pki.rsa.generateKeyPair(2048),
): Identity {
  const cert = forge.pki.createCertificate();
  cert.publicKey = pair.publicKey;
  cert.serialNumber = `0${serial++}`;
  cert.validity.notBefore = new Date(Date.now() - 86_400_000);
  cert.validity.notAfter = new Date(Date.now() + 86_400_000 * 30);
  cert.setSubject([...attributes]);
  cert.setIssuer(issuer === undefined ? [...attributes] : issuer.forgeCert.subject.attributes);
  if (isAuthority) cert.setExtensions([{ name: "basicConstraints", cA: true }]);
  cert.sign(issuer?.forgeKey ?? pair.privateKey, forge.md.sha256.create());
  return {
    key: forge.pki.privateKeyToPem(pair.privateKey),
    cert: forge.pki.certificateToPem(cert),
    forgeKey: pair.privateKey,
    forgeCert: cert,
  };
}

/** An authority's name and public key, certified by somebody else, who needs no more than its certificate. */
export function reissue(authority: Identity, issuer: Identity): Identity {
  const { subject, publicKey } = authority.forgeCert;
  const pair = { publicKey: publicKey as forge.pki.rsa.PublicKey, privateKey: authority.forgeKey };
  return issue(subject.attributes as { shortName: string; value: string }[], issuer, true, pair);
}

/** Puts a key and certificates into a PKCS#12 store. */
export function pkcs12(
  identity: Identity,
  password: string,
  alias: string,
  others: readonly Identity[] = [],
): Buffer {
  const chain = [identity.forgeCert, ...others.map((one) => one.forgeCert)];
  const asn1 = forge.pkcs12.toPkcs12Asn1(identity.forgeKey, chain, password, {
    algorithm: "3des",
    friendlyName: alias,
  });
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), "binary");
}

/** The usual parts of a name, most general first, as certificates have them. */
export const BROKER_NAME: readonly { readonly shortName: string; readonly value: string }[] = [
  { shortName: "C", value: "DE" },
  { shortName: "O", value: "Unknown, Inc." },
  { shortName: "OU", value: "broker" },
  { shortName: "CN", value: "localhost" },
];
