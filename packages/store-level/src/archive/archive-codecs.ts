import type { Message } from "@tsapollo/domain";

/** What an archive has to know of encodings: content as Apollo writes it, and back. */
export interface ArchiveCodecs {
  /** A message's content as Apollo writes it. */
  toArchive(message: Message): Uint8Array;
  /** The inverse, for messages that this broker exported; undefined for an encoding it does not know. */
  contentOf(codec: string, value: Buffer): Uint8Array | undefined;
  /**
   * A message that Apollo exported; undefined for an encoding it does not know.
   * @throws BrokerError when it knows the encoding and the content is damaged
   */
  fromApollo(codec: string, value: Buffer, expiresAtMs: number): Message | undefined;
}
