import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { whileOthersWork } from "../harness/health.ts";
import { type Scheme, useInstance } from "../harness/instance.ts";
import { connectPacket, MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { happens } from "../harness/streams.ts";
import { within } from "../harness/waiting.ts";
import { edits, intoConnector, withoutAuthentication } from "../harness/xml.ts";

const QUICK = '<detect timeout="300"/>';
const RESIDENT_MAX_MIB = 400;

describe("peers that say nothing, or stop in the middle", { concurrency: true }, () => {
  const broker = useInstance({
    xml: edits(
      withoutAuthentication,
      intoConnector("tcp", `${QUICK}<mqtt connect_timeout="500"/>`),
      ...["tls", "ws", "wss"].map((id) => intoConnector(id, QUICK)),
    ),
  });

  async function open(scheme: Scheme): Promise<Socket> {
    const socket = connect({ host: "127.0.0.1", port: broker.now.port(scheme), allowHalfOpen: true });
    socket.on("error", () => undefined);
    socket.resume();
    await happens(socket, "connect");
    return socket;
  }

  async function ended(socket: Socket): Promise<void> {
    if (!socket.destroyed && !socket.readableEnded) {
      await within(
        new Promise<void>((resolve) => socket.once("close", resolve).once("end", resolve)),
        "the broker's end",
      );
    }
    socket.destroy();
  }

  for (const scheme of ["tcp", "tls", "ws", "wss"] as const) {
    it(`11.1 100 half-open connections to ${scheme} are closed after the detection time`, async () => {
      await whileOthersWork(broker.now, RESIDENT_MAX_MIB, async () => {
        const sockets = await Promise.all(Array.from({ length: 100 }, () => open(scheme)));
        await Promise.all(sockets.map(ended));
      });
    });
  }

  const BEGINNINGS: readonly (readonly [scheme: Scheme, what: string, bytes: string | Uint8Array])[] = [
    ["tcp", "a command that does not end", "CONN"],
    ["tcp", "newlines only", "\n\n\n\n"],
    ["tcp", "half an MQTT fixed header", Buffer.from([0x10])],
    ["tcp", "a CONNECT without its end", connectPacket({ clientId: "never" }).subarray(0, 14)],
    ["tcp", "half a ClientHello", Buffer.from([0x16, 3, 1, 2, 0, 1, 0])],
    ["tls", "half a ClientHello", Buffer.from([0x16, 3, 1, 2, 0, 1, 0])],
    ["ws", "half an HTTP request", "GET / HTTP/1.1\r\nHost: localhost\r\n"],
    ["tcp", "a STOMP CONNECT without its end", "CONNECT\naccept-version:1.2\n"],
  ];
  for (const [scheme, what, bytes] of BEGINNINGS) {
    it(`11.1 ${scheme}: ${what}`, async () => {
      const socket = await open(scheme);
      socket.write(bytes);
      await ended(socket);
    });
  }

  it("11.2 bytes that are nothing are answered by a close", async () => {
    for (const text of [
      "HELLO WORLD, HOW ARE YOU?\r\n",
      "\u0000".repeat(20),
      "AMQP\u0000\u0009\u0009\u0009........",
    ]) {
      const socket = await open("tcp");
      socket.write(text);
      await ended(socket);
    }
  });

  it("11.1 a client that is slow but in time gets in", async () => {
    const wire = await StompWire.open(broker.now);
    for (const part of ["CONN", "ECT\n", "accept-version:1.1\n\n", "\0"]) {
      wire.raw(part);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await wire.expect("CONNECTED");
    await wire.drop();
  });

  it("frames byte by byte", async () => {
    const stomp = await StompWire.connect(broker.now);
    await stomp.subscribe("0", "/topic/bytes");
    for (const byte of Buffer.from("SEND\ndestination:/topic/bytes\n\nslow\0"))
      stomp.raw(Uint8Array.of(byte));
    await stomp.message("slow");
    const mqtt = await MqttWire.open(broker.now);
    for (const byte of connectPacket({ clientId: "slowly" })) mqtt.raw(Uint8Array.of(byte));
    assert.equal((await mqtt.receive("CONNACK")).type, 2);
    await stomp.drop();
    await mqtt.drop();
  });
});
