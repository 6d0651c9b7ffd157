import { BrokerError, type Message } from "@tsapollo/domain";
import { AMQP_CODEC_ID, AmqpMessageCodec, readStoredSections } from "@tsapollo/protocol-amqp";
import { readStoredFrame, StompMessageCodec } from "@tsapollo/protocol-stomp";
import type { ArchiveCodecs } from "@tsapollo/store-level";
import { storedCodecs } from "../adapters.ts";

const COMMAND = Buffer.from("SEND\n");
const EMPTY_FRAME = Buffer.from("SEND\n\n");

/**
 * How this broker's protocols and Apollo's archives say the same: Apollo keeps the command line of a STOMP frame, and
 * has `raw` messages, which are a body and nothing else. [instance 19]
 */
export function archiveCodecs(): ArchiveCodecs {
  const stomp = new StompMessageCodec();
  const amqp = new AmqpMessageCodec();
  const codecs = storedCodecs();
  return {
    toArchive(message: Message): Uint8Array {
      const content = message.bytes.subarray(message.start, message.end);
      return message.codec.id === stomp.id ? Buffer.concat([COMMAND, content]) : content;
    },
    contentOf(codec: string, value: Buffer): Uint8Array | undefined {
      if (codecs(codec) === undefined) return undefined;
      return codec === stomp.id ? value.subarray(COMMAND.length) : value;
    },
    fromApollo(codec: string, value: Buffer, expiresAtMs: number): Message | undefined {
      try {
        if (codec === stomp.id) return readStoredFrame(stomp, value, expiresAtMs);
        if (codec === AMQP_CODEC_ID) return readStoredSections(amqp, value);
      } catch (cause) {
        const text = `The archive has a message of '${codec}' that cannot be read: ${(cause as Error).message}`;
        throw new BrokerError("STORE_FAILED", text, { cause });
      }
      if (codec !== "raw") return undefined;
      return readStoredFrame(stomp, Buffer.concat([EMPTY_FRAME, value]), expiresAtMs);
    },
  };
}
