export { bytesEqual, COLON, CR, copyBytes, indexOfByte, LF, latin1Text, NUL, utf8Text } from "./bytes.ts";
export { type FrameSink, StompDecoder } from "./decoder.ts";
export { encodeFrame, type FrameParts, headerMax, writeCommand, writeHeader } from "./encoder.ts";
export { STOMP_ERRORS, StompError, type StompErrorCode } from "./errors.ts";
export { headerTextMax, unescapeHeader, writeHeaderText } from "./escape.ts";
export { StompFrame } from "./frame.ts";
export { DEFAULT_STOMP_LIMITS, type StompLimits } from "./limits.ts";
export { StompParser } from "./parser.ts";
export { negotiateVersion, STOMP_VERSIONS, type StompVersion } from "./version.ts";
export {
  commandOf,
  HEADER,
  HEADER_NAMES,
  KNOWN_HEADERS_MAX,
  type KnownHeader,
  knownHeaderNamed,
  knownHeaderOf,
  type StompCommand,
} from "./words.ts";
