import { createRequire } from "node:module";
import {
  Descriptor,
  FieldReader,
  putTransfer,
  Sections,
  TRANSFER_HEAD_MAX,
  TransferFrame,
} from "@tsapollo/protocol-amqp";
import { type Measurement, measure } from "../measure.ts";

interface Composite {
  readonly delivery_id: number;
  described(): unknown;
}

const require = createRequire(import.meta.url);
const frames = require("rhea/lib/frames.js") as {
  transfer(fields: object): Composite;
  amqp_frame(channel: number, performative: unknown, payload: Buffer): unknown;
  read_frame(bytes: Buffer): { readonly performative: Composite };
  write_frame(frame: unknown): Buffer;
};
const messages = require("rhea/lib/message.js") as {
  encode(message: object): Buffer;
  decode(bytes: Buffer): { readonly durable: boolean };
};

const COUNT = 200;
const FIELDS = {
  handle: 1,
  delivery_id: 7,
  delivery_tag: Buffer.from("abcd"),
  message_format: 0,
  settled: false,
};
const PAYLOAD = messages.encode({
  durable: true,
  message_id: "m-1",
  to: "queue://a.b",
  application_properties: { color: "red", size: 3 },
  body: Buffer.alloc(64),
});
const FRAME = frames.write_frame(frames.amqp_frame(0, frames.transfer(FIELDS).described(), PAYLOAD));

function times(work: () => void): () => void {
  return () => {
    for (let at = 0; at < COUNT; at += 1) work();
  };
}

/** Cost of a transfer and of the look at its message: ours beside rhea's. */
export function amqpTransfer(): Measurement[] {
  const descriptor = new Descriptor();
  const reader = new FieldReader();
  const transfer = new TransferFrame();
  const sections = new Sections(descriptor, reader);
  const read = (): void => {
    descriptor.read(FRAME, 8, FRAME.length);
    transfer.read(reader, FRAME, descriptor.next, FRAME.length);
  };
  const block = new Uint8Array(FRAME.length + TRANSFER_HEAD_MAX);
  const head = { channel: 0, handle: 1, deliveryId: 7, settled: false, continued: false, more: false };
  const write = (): void => block.set(PAYLOAD, putTransfer(block, 0, head, PAYLOAD.length));
  const scan = (): void => sections.scan(PAYLOAD, 0, PAYLOAD.length);
  const rheaWrite = (): void =>
    void frames.write_frame(frames.amqp_frame(0, frames.transfer(FIELDS).described(), PAYLOAD));
  return [
    measure("AMQP: decode a transfer, direct", COUNT, times(read)),
    measure(
      "AMQP: decode a transfer, rhea",
      COUNT,
      times(() => void frames.read_frame(FRAME).performative.delivery_id),
    ),
    measure("AMQP: encode a transfer, direct", COUNT, times(write)),
    measure("AMQP: encode a transfer, rhea", COUNT, times(rheaWrite)),
    measure("AMQP: look over a message's sections, direct", COUNT, times(scan)),
    measure(
      "AMQP: decode a message, rhea",
      COUNT,
      times(() => void messages.decode(PAYLOAD).durable),
    ),
  ];
}
