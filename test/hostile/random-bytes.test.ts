import { connect } from "node:net";
import { describe, it } from "node:test";
import { whileOthersWork } from "../harness/health.ts";
import { type Scheme, useInstance } from "../harness/instance.ts";
import { connectPacket } from "../harness/mqtt-wire.ts";
import { openStream, type Way } from "../harness/streams.ts";
import { edits, intoConnector, withoutAuthentication } from "../harness/xml.ts";

const RESIDENT_MAX_MIB = 500;
const ROUNDS = 150;
const QUICK = '<detect timeout="300"/>';

/** Numbers that look random and are the same every time. */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return (this.#state >>> 8) % limit;
  }
  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

const STOMP_HELLO = Buffer.from("CONNECT\naccept-version:1.2\nhost:localhost\n\n\0\n");
const BEGINNINGS: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.from("CONNECT\n"),
  Buffer.from("\n\nSTOMP\naccept-version:"),
  STOMP_HELLO,
  Buffer.concat([STOMP_HELLO, Buffer.from("SEND\ndestination:/topic/")]),
  Buffer.concat([STOMP_HELLO, Buffer.from("SUBSCRIBE\nid:")]),
  Buffer.from([0x10]),
  Buffer.from([0x10, 0x20, 0, 4, 0x4d, 0x51, 0x54, 0x54]),
  connectPacket({ clientId: "" }),
  Buffer.concat([connectPacket({ clientId: "" }), Buffer.from([0x30])]),
  Buffer.concat([connectPacket({ clientId: "" }), Buffer.from([0x82, 0x20])]),
  Buffer.from([0x16, 3, 1]),
  Buffer.from("AMQP\0\x01\0\0"),
  Buffer.from("GET / HTTP/1.1\r\nUpgrade: websocket\r\n"),
];

describe("random bytes", () => {
  const broker = useInstance({
    xml: edits(withoutAuthentication, ...["tcp", "tls", "ws", "wss"].map((id) => intoConnector(id, QUICK))),
  });

  for (const [seed, scheme] of (["tcp", "tls", "ws", "wss"] as readonly Scheme[]).entries()) {
    it(`on the socket of ${scheme}`, async () => {
      const dice = new Dice(seed + 1);
      await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const socket = connect({ host: "127.0.0.1", port: broker.now.port(scheme) });
          const gone = new Promise<void>((resolve) => socket.on("close", () => resolve()));
          socket.on("error", () => undefined).resume();
          socket.write(
            Buffer.concat([BEGINNINGS[dice.below(BEGINNINGS.length)]!, dice.bytes(1 + dice.below(3_000))]),
          );
          socket.end(() => setTimeout(() => socket.destroy(), 20));
          await gone;
        }
      });
    });
  }

  for (const [seed, way] of (["tls-on-tcp", "ws", "wss"] as readonly Way[]).entries()) {
    it(`inside of ${way}`, async () => {
      const dice = new Dice(seed + 100);
      await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const stream = await openStream(broker.now, way, "chat");
          const gone = new Promise<void>((resolve) => stream.on("close", () => resolve()));
          stream.on("error", () => undefined).resume();
          stream.on("end", () => stream.destroy());
          stream.write(
            Buffer.concat([BEGINNINGS[dice.below(BEGINNINGS.length)]!, dice.bytes(1 + dice.below(3_000))]),
          );
          setTimeout(() => stream.destroy(), 20);
          await gone;
        }
      });
    });
  }
});
