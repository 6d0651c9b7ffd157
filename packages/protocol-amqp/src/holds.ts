/** Why we do not read: each is one bit. */
export const HOLD = {
  /** The client is being let in. */
  login: 1,
  /** A destination is full, and the client has sent much since. */
  destination: 2,
} as const;
