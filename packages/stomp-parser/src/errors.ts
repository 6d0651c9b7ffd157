/** A stable name for what is wrong with a byte stream; see {@link StompError}. */
export type StompErrorCode =
  | "COMMAND_TOO_LONG"
  | "HEADER_TOO_LONG"
  | "TOO_MANY_HEADERS"
  | "HEADER_MALFORMED"
  | "LENGTH_INVALID"
  | "DATA_TOO_LONG"
  | "TERMINATOR_MISSING";

/** The text for each code, as Apollo's clients know it; a code with a detail gets it from the decoder. */
export const STOMP_ERRORS: Readonly<Record<StompErrorCode, string>> = Object.freeze({
  COMMAND_TOO_LONG: "The maximum command length was exceeded",
  HEADER_TOO_LONG: "The maximum header length was exceeded",
  TOO_MANY_HEADERS: "The maximum number of headers was exceeded",
  HEADER_MALFORMED: "Unable to parser header line",
  LENGTH_INVALID: "Specified content-length is not a valid integer",
  DATA_TOO_LONG: "The maximum data length was exceeded",
  TERMINATOR_MISSING: "Expected null terminator",
});

/** The bytes are not STOMP, or exceed a limit. What follows them cannot be read. */
export class StompError extends Error {
  /** What is wrong; this is API, the text is not. */
  readonly code: StompErrorCode;

  constructor(code: StompErrorCode, text?: string) {
    super(text ?? STOMP_ERRORS[code]);
    this.name = "StompError";
    this.code = code;
  }
}
