import type {
  Connection,
  Identification,
  ProtocolAdapter,
  ProtocolHandler,
  ProtocolServices,
} from "@tsapollo/domain";
import { StompAddresses } from "./addresses.ts";
import { StompShared } from "./admitted-client.ts";
import { StompHandler } from "./handler.ts";
import { StompMessageCodec } from "./message-codec.ts";
import { DEFAULT_STOMP_OPTIONS, type StompOptions } from "./options.ts";

const GREETINGS: readonly Uint8Array[] = [Buffer.from("CONNECT"), Buffer.from("STOMP")];
const LF = 0x0a;
const CR = 0x0d;

/** Line ends that are tolerated before the first frame. */
const NEWLINES_MAX = 32;

/** STOMP for connectors with the same options. */
export class StompAdapter implements ProtocolAdapter {
  readonly id = "stomp";
  readonly webSocketProtocols: readonly string[] = Object.freeze([
    "v12.stomp",
    "v11.stomp",
    "v10.stomp",
    "stomp",
  ]);
  /** Reads messages that came from these connectors. */
  readonly codec: StompMessageCodec;
  readonly #shared: StompShared;

  constructor(options: StompOptions = DEFAULT_STOMP_OPTIONS) {
    const addresses = new StompAddresses(options);
    this.codec = new StompMessageCodec(addresses);
    this.#shared = new StompShared(options, addresses, this.codec);
  }

  /** Line ends, then `CONNECT` or `STOMP`. [messaging 13; leading line ends mended] */
  identify(bytes: Uint8Array): Identification {
    let start = 0;
    while (start < bytes.length && (bytes[start] === LF || bytes[start] === CR)) start += 1;
    if (start > NEWLINES_MAX) return "no";
    for (const greeting of GREETINGS) {
      let same = 0;
      while (same < greeting.length && bytes[start + same] === greeting[same]) same += 1;
      if (same === greeting.length) return "yes";
      if (start + same === bytes.length) return "maybe";
    }
    return "no";
  }

  createHandler(connection: Connection, services: ProtocolServices): ProtocolHandler {
    return new StompHandler(connection, services, this.#shared);
  }
}
