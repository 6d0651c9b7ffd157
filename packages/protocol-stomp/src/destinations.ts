import { type Address, BrokerError } from "@tsapollo/domain";
import { headerMax, type StompFrame, type StompVersion, writeHeader } from "@tsapollo/stomp-parser";
import type { StompAddresses, TemporaryScope } from "./addresses.ts";
import { HeaderMemo } from "./header-memo.ts";

/** Where a SEND goes, or what a SUBSCRIBE names. */
export interface Target {
  /** The address, unless it is a composite. */
  readonly only: Address | undefined;
  readonly addresses: readonly Address[];
  /** The first of them that has wildcards. */
  readonly pattern: Address | undefined;
  /** `destination:<real names>` and its line end when one of them is temporary. */
  readonly realLine: Uint8Array | undefined;
}

/** What {@link Destinations} need to know of a connection. */
export interface DestinationsParts {
  readonly addresses: StompAddresses;
  readonly version: StompVersion;
  readonly scope: TemporaryScope;
}

/**
 * Destinations as one connection names them. The engine is fastest when it gets the same Address for the same
 * name; and other connections must be told the real names of temporary ones. [messaging 2.9, 15.6]
 */
export class Destinations {
  readonly #addresses: StompAddresses;
  readonly #version: StompVersion;
  readonly #scope: TemporaryScope;
  readonly #targets: HeaderMemo<Target>;
  readonly #replyLines: HeaderMemo<Uint8Array | "none">;

  constructor({ addresses, version, scope }: DestinationsParts) {
    this.#addresses = addresses;
    this.#version = version;
    this.#scope = scope;
    this.#targets = new HeaderMemo("destination", (text) => this.#target(text));
    this.#replyLines = new HeaderMemo("reply-to", (text) => this.#replyLine(text));
  }

  /**
   * What a frame's `destination` names.
   * @throws BrokerError BAD_ADDRESS when one of them is not a name
   */
  find(frame: StompFrame, index: number): Target {
    return this.#targets.find(frame, index);
  }

  /**
   * `reply-to:<real names>` with its line end, when a frame's `reply-to` names temporary destinations, and behind it
   * the line given.
   */
  withReplyLine(frame: StompFrame, index: number, line: Uint8Array | undefined): Uint8Array | undefined {
    const replyLine = this.#replyLines.find(frame, index);
    if (replyLine === "none") return line;
    return line === undefined ? replyLine : Buffer.concat([replyLine, line]);
  }

  #target(text: string): Target {
    const addresses: Address[] = [];
    for (const piece of this.#addresses.split(text))
      addresses.push(this.#addresses.parse(piece, this.#scope));
    const only = addresses.length === 1 ? addresses[0] : undefined;
    const pattern = addresses.find(({ isPattern }) => isPattern);
    return { only, addresses, pattern, realLine: this.#realLine("destination", text) };
  }

  /** Anything may stand in `reply-to`; what does not read as destinations stays as it is. [messaging 15.6] */
  #replyLine(text: string): Uint8Array | "none" {
    try {
      return this.#realLine("reply-to", text) ?? "none";
    } catch (error) {
      if (error instanceof BrokerError) return "none";
      throw error;
    }
  }

  #realLine(name: string, text: string): Uint8Array | undefined {
    const addresses = this.#addresses;
    const pieces = addresses.split(text);
    if (!pieces.some((piece) => addresses.isTemporary(piece))) return undefined;
    const real = addresses.join(pieces.map((piece) => this.#realName(piece)));
    const line = new Uint8Array(headerMax(name, real));
    return line.subarray(0, writeHeader(line, 0, name, real, this.#version));
  }

  #realName(piece: string): string {
    const address = this.#addresses.parse(piece, this.#scope);
    return this.#addresses.isTemporary(piece) ? this.#addresses.format(address) : piece;
  }
}
