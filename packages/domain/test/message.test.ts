import assert from "node:assert/strict";
import { test } from "node:test";
import { Message, type MessageCodec } from "../src/index.ts";

const CODEC = { id: "plain" } as MessageCodec;

/** `[head|body]` somewhere in a block. */
function messageIn(block: Buffer, at: number, borrowed: boolean, amongNeighbours = false): Message {
  block.write("headbody", at);
  return new Message({
    ...{ codec: CODEC, bytes: block, start: at, bodyStart: at + 4, bodyEnd: at + 8, end: at + 8 },
    ...{ borrowed, amongNeighbours, persistent: true, retain: "none", expiresAtMs: 0, priority: 4 },
    groupKey: undefined,
  });
}

function text(message: Message): string {
  const { bytes, start, end } = message;
  return `${Buffer.from(bytes.subarray(start, end))} ${Buffer.from(message.body())}`;
}

const cases: readonly {
  name: string;
  message: () => Message;
  own: (message: Message) => void;
  /** Size of the block that it lies in afterwards. */
  blockBytes: number;
}[] = [
  {
    name: "a borrowed message is copied out",
    message: () => messageIn(Buffer.alloc(100), 50, true),
    own: (message) => message.own(),
    blockBytes: 8,
  },
  {
    name: "one that nearly fills its own block stays there",
    message: () => messageIn(Buffer.alloc(12), 2, false),
    own: (message) => message.own(),
    blockBytes: 12,
  },
  {
    name: "a small one leaves a large private block",
    message: () => messageIn(Buffer.alloc(100), 50, false),
    own: (message) => message.own(),
    blockBytes: 8,
  },
  {
    name: "one among neighbours stays there",
    message: () => messageIn(Buffer.alloc(100), 50, false, true),
    own: (message) => message.own(),
    blockBytes: 100,
  },
  {
    name: "whoever keeps it for long takes it out from among neighbours",
    message: () => messageIn(Buffer.alloc(100), 50, false, true),
    own: (message) => message.ownAlone(),
    blockBytes: 8,
  },
  {
    name: "a borrowed message moves in among neighbours, and stays",
    message: () => messageIn(Buffer.alloc(100), 50, true),
    own: (message) => {
      message.ownAmong(new Uint8Array(64), 20);
      message.own();
    },
    blockBytes: 64,
  },
];

for (const { name, message: make, own, blockBytes } of cases) {
  test(name, () => {
    const message = make();
    const before = message.bytes;
    own(message);
    assert.equal(message.borrowed, false);
    if (message.bytes !== before) before.fill(0); // the read block is used again
    assert.equal(text(message), "headbody body");
    assert.equal(message.bytes.length, blockBytes);
    assert.equal(message.sizeBytes, 8);
  });
}
