import { BrokerError } from "@tsapollo/domain";

/** What LevelDB said, without the wrapping. */
export function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}

/** LevelDB's code of a failure, such as `LEVEL_LOCKED`; the innermost one counts. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return codeOf(error.cause) ?? (error as { code?: string }).code;
}

/** A failure of the store, for the operator. */
export function storeFailed(text: string, cause?: unknown): BrokerError {
  return new BrokerError("STORE_FAILED", text, cause === undefined ? undefined : { cause });
}
