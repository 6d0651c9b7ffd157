import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate } from "node:tls";

/** A chain is never longer, and no more of what a client presents is looked at. */
const CHAIN_MAX = 16;

/** The certificates a client presented, leaf first, as Node linked them: by name, so that anything may be among them. */
function presentedBy(leaf: DetailedPeerCertificate): X509Certificate[] {
  const certificates: X509Certificate[] = [];
  let at: DetailedPeerCertificate | undefined = leaf;
  while (at?.raw !== undefined && certificates.length < CHAIN_MAX) {
    certificates.push(new X509Certificate(at.raw));
    if (at.issuerCertificate === at) break;
    at = at.issuerCertificate;
  }
  return certificates;
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/**
 * A trusted client's certificate, and those of its issuers that are vouched for: each signed the one before, and
 * the last is one of `trusted`. A signature alone says nothing about an issuer's issuer: anybody can certify a
 * copy of an authority's name and public key. What is in doubt is left out; the leaf never is. [instance 13.5]
 * @param trusted who may vouch for clients; the handshake has found that one of them does
 * @throws Error when a certificate cannot be read
 */
export function vouchedChain(
  leaf: DetailedPeerCertificate,
  trusted: readonly X509Certificate[],
): readonly X509Certificate[] {
  const [first, ...presented] = presentedBy(leaf);
  if (first === undefined) return [];
  const chain = [first];
  let vouched = 1;
  let last = first;
  while (chain.length < CHAIN_MAX && !last.checkIssued(last)) {
    const below = last;
    const anchor = trusted.find((one) => issued(one, below));
    const issuer = anchor ?? presented.find((one) => one.ca && !chain.includes(one) && issued(one, below));
    if (issuer === undefined) break;
    chain.push(issuer);
    if (anchor !== undefined) vouched = chain.length;
    last = issuer;
  }
  return chain.slice(0, vouched);
}
