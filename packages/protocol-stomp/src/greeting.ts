import { BrokerError } from "@tsapollo/domain";
import {
  HEADER,
  type KnownHeader,
  negotiateVersion,
  STOMP_VERSIONS,
  type StompFrame,
  type StompVersion,
  unescapeHeader,
} from "@tsapollo/stomp-parser";
import { agreeOnHeartBeat, type HeartBeatOffer, type HeartBeatTimes } from "./heart-beat.ts";

/** What a CONNECT frame asks for. */
export interface Greeting {
  readonly version: StompVersion;
  readonly heartBeat: HeartBeatTimes;
  readonly hostName: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** The client speaks no version that we do. */
export class VersionError extends BrokerError {
  constructor() {
    super("PROTOCOL_VIOLATION", "version not supported");
  }
  /** What the ERROR frame says besides. [messaging 15.3] */
  readonly versions: string = STOMP_VERSIONS.join(",");
}

/**
 * Reads the first frame of a connection. [messaging 15.3]
 * @throws BrokerError PROTOCOL_VIOLATION
 */
export function readGreeting(frame: StompFrame, offer: HeartBeatOffer): Greeting {
  if (frame.command !== "CONNECT" && frame.command !== "STOMP") {
    const text = `Expecting a STOMP or CONNECT frame, but got: ${frame.commandText()}`;
    throw new BrokerError("PROTOCOL_VIOLATION", text);
  }
  const version = negotiateVersion(text(frame, HEADER.acceptVersion));
  if (version === undefined) throw new VersionError();
  return {
    version,
    heartBeat: agreeOnHeartBeat(text(frame, HEADER.heartBeat), offer),
    hostName: text(frame, HEADER.host),
    user: decoded(frame, HEADER.login),
    password: decoded(frame, HEADER.passcode),
  };
}

function text(frame: StompFrame, known: KnownHeader): string | undefined {
  const index = frame.indexOf(known);
  return index === -1 ? undefined : frame.value(index);
}

/** Apollo decodes the two although CONNECT has no escapes in STOMP 1.2; its clients count on it. [15.2] */
function decoded(frame: StompFrame, known: KnownHeader): string | undefined {
  const value = text(frame, known);
  return value === undefined ? undefined : unescapeHeader(value);
}
