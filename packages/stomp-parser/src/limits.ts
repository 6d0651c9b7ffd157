/** Bounds that hold for incomplete input too; -1 means no limit. */
export interface StompLimits {
  /** Bytes of a command line. */
  readonly commandLengthMax: number;
  /** Bytes of one header line. */
  readonly headerLengthMax: number;
  /** Header lines of one frame. */
  readonly headersMax: number;
  /** Bytes of a body, whether it announces its length or not. */
  readonly dataLengthMax: number;
}

/** What Apollo allows. */
export const DEFAULT_STOMP_LIMITS: StompLimits = Object.freeze({
  commandLengthMax: 20,
  headerLengthMax: 10 * 1024,
  headersMax: 1_000,
  dataLengthMax: 100 * 1024 * 1024,
});
