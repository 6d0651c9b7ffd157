import { type KeyObject, X509Certificate } from "node:crypto";

/**
 * The certificate of a key and those that lead from it towards a root, in the order TLS sends them.
 * @param certificates PEM, in any order, others among them
 * @returns PEM; undefined when none belongs to the key
 */
export function chainFor(key: KeyObject, certificates: readonly string[]): string | undefined {
  const left = certificates.map((pem) => new X509Certificate(pem));
  const chain: X509Certificate[] = [];
  let at = left.findIndex((one) => one.checkPrivateKey(key));
  while (at !== -1) {
    const last = left.splice(at, 1)[0]!;
    chain.push(last);
    at = left.findIndex((one) => last.checkIssued(one));
  }
  return chain.length === 0 ? undefined : chain.map((one) => one.toString()).join("");
}
