/** Why we do not read: each is one bit. */
export const HOLD = {
  /** The client is not admitted yet. */
  login: 1,
  /** A destination is full. */
  destination: 2,
  /** Too many confirmations are due from the engine. */
  confirmations: 4,
  /** The client does not read its receipts. */
  receipts: 8,
} as const;
