import { type FrameSink, HEADER, StompDecoder } from "../src/index.ts";

/** `node dist/test/decode-cost.js`: what a frame costs to decode, in ns. The README quotes it. */
const CASES: Readonly<Record<string, string>> = {
  "SEND 64 bytes, 2 headers": `SEND\ndestination:/queue/orders.new\ncontent-length:64\n\n${"x".repeat(64)}\0\n`,
  "SEND 64 bytes, 6 headers": `SEND\ndestination:/queue/orders.new\ncontent-type:text/plain\npersistent:true\nreceipt:r-1234\nx-trace:0123456789abcdef\ncontent-length:64\n\n${"x".repeat(64)}\0\n`,
  "SEND 64 bytes, no length": `SEND\ndestination:/queue/orders.new\n\n${"x".repeat(64)}\0\n`,
  "SEND 1 KiB, no length": `SEND\ndestination:/queue/orders.new\n\n${"x".repeat(1024)}\0\n`,
  "ACK 1.2": "ACK\nid:1234\n\n\0\n",
};

let found = 0;
const sink: FrameSink = {
  frame(frame) {
    found += frame.indexOf(HEADER.destination);
    return true;
  },
};

for (const [name, frame] of Object.entries(CASES)) {
  const each = Math.floor(60_000 / frame.length);
  const block = Buffer.from(frame.repeat(each));
  const decoder = new StompDecoder();
  decoder.version = "1.2";
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 8; round += 1) {
    const begin = process.hrtime.bigint();
    for (let turn = 0; turn < 400; turn += 1) decoder.decode(block, 0, block.length, sink);
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / (400 * each));
  }
  console.log(`${name}: ${best.toFixed(0)} ns a frame of ${frame.length} bytes`);
}
if (found === 0) console.log("nothing found");
