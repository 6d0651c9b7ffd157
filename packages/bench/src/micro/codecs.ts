import { PacketDecoder } from "@tsapollo/protocol-mqtt";
import { StompDecoder, type StompFrame } from "@tsapollo/stomp-parser";
import { generate, parser } from "mqtt-packet";
import { type Measurement, measure } from "../measure.ts";

const COUNT = 200;

function repeated(bytes: Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: COUNT }, () => bytes));
}

/** Cost of decoding a SEND frame with a small body, destination looked up. */
export function stompDecode(): Measurement[] {
  const frame = `SEND\ndestination:/topic/a.b\ncontent-length:64\nreceipt:12345\n\n${"x".repeat(64)}\0\n`;
  const stream = repeated(Buffer.from(frame));
  const decoder = new StompDecoder();
  let seen = 0;
  const sink = {
    frame: (one: StompFrame) => {
      seen += one.header("destination") === undefined ? 0 : 1;
      return true;
    },
  };
  const found = measure(
    "STOMP: decode a SEND, 64-byte body",
    COUNT,
    () => void decoder.decode(stream, 0, stream.length, sink),
  );
  if (seen === 0) throw new Error("no frame was decoded");
  return [found];
}

/** Cost of decoding a PUBLISH: ours beside the library. */
export function mqttDecode(): Measurement[] {
  const found: Measurement[] = [];
  for (const qos of [0, 1] as const) {
    const common = {
      cmd: "publish",
      topic: "sensors/kitchen/1",
      payload: Buffer.alloc(64),
      retain: false,
      dup: false,
    } as const;
    const packet = generate({ ...common, qos, ...(qos === 1 ? { messageId: 77 } : {}) });
    const stream = repeated(packet);
    const decoder = new PacketDecoder(1 << 20, 1 << 20);
    const direct = (): void => {
      for (let at = 0; at < stream.length; at = decoder.end) decoder.decode(stream, at, stream.length, 4);
    };
    found.push(measure(`MQTT: decode a PUBLISH, QoS ${qos}, 64 bytes, direct`, COUNT, direct));
    const library = parser({ protocolVersion: 4 });
    let seen = 0;
    library.on("packet", () => {
      seen += 1;
    });
    found.push(
      measure(
        `MQTT: decode a PUBLISH, QoS ${qos}, 64 bytes, mqtt-packet`,
        COUNT,
        () => void library.parse(stream),
      ),
    );
    if (seen === 0) throw new Error("no packet was parsed");
  }
  return found;
}
