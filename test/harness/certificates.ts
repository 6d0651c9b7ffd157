import forge from "node-forge";
import type { ClientKey } from "./streams.ts";

/** A fresh key and a certificate for it, signed by itself. */
export function makeCertificate(commonName: string): ClientKey {
  const { pki } = forge;
  const keys = pki.rsa.generateKeyPair(2_048);
  const certificate = pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(8))}`;
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  const name = [{ name: "commonName", value: commonName }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  return {
    key: pki.privateKeyToPem(keys.privateKey).replaceAll("\r", ""),
    cert: pki.certificateToPem(certificate).replaceAll("\r", ""),
  };
}
