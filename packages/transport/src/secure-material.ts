/** Keys and certificates of a TLS listener, as Node takes them. PEM text unless said otherwise. */
export interface SecureMaterial {
  /** A whole PKCS#12 store, key and certificates. */
  readonly pfx?: Uint8Array;
  /** Opens `pfx`. */
  readonly passphrase?: string;
  readonly key?: string;
  /** Our certificate and those that lead from it to a root, in this order. */
  readonly cert?: string;
  /** Who may vouch for clients. Empty: nobody but what a `pfx` holds; never the public web's authorities. */
  readonly ca: readonly string[];
  /** The certificates in `pfx`, to tell a client's real issuers; unset: only its own certificate names it. */
  readonly pfxCa?: readonly string[];
}
