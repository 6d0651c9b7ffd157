import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type WebSocket from "ws";
import { useInstance } from "../harness/instance.ts";
import { openWebSocket } from "../harness/streams.ts";
import { within } from "../harness/waiting.ts";
import { withoutAuthentication } from "../harness/xml.ts";

/** CONNECT, SUBSCRIBE and PUBLISH to `a`, PINGREQ. */
let clients = 0;
function connectBytes(name: string, level: number): Buffer {
  clients += 1; // each has an id of its own
  const head = [0x10, name.length + 9, 0, name.length, ...Buffer.from(name), level, 2, 0, 0];
  return Buffer.from([...head, 0, 1, 0x60 + clients]);
}
const SUBSCRIBE = Buffer.from([0x82, 6, 0, 1, 0, 1, 0x61, 0]);
const PUBLISH = Buffer.from([0x30, 4, 0, 1, 0x61, 0x78]);
const PINGREQ = Buffer.from([0xc0, 0]);

/** Everything that comes until so many bytes are there, and whether every frame was binary. */
function bytesFrom(socket: WebSocket, count: number): Promise<{ bytes: Buffer; binary: boolean }> {
  let bytes = Buffer.alloc(0);
  let binary = true;
  const done = new Promise<{ bytes: Buffer; binary: boolean }>((resolve, reject) => {
    socket.on("message", (data, isBinary) => {
      bytes = Buffer.concat([bytes, data as Buffer]);
      binary &&= isBinary;
      if (bytes.length >= count) resolve({ bytes, binary });
    });
    socket.on("close", () => reject(new Error(`closed after ${bytes.length} bytes`)));
  });
  return within(done, `${count} bytes`);
}

describe("MQTT over WebSocket", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });

  for (const [protocol, name, level] of [
    ["mqtt", "MQTT", 4],
    ["mqttv3.1", "MQIsdp", 3],
  ] as const) {
    for (const way of ["ws", "wss"] as const) {
      it(`[MQTT-6.0.0-1] [MQTT-6.0.0-4] sub-protocol ${protocol} over ${way}: binary frames`, async () => {
        const socket = await openWebSocket(broker.now, way, protocol);
        assert.equal(socket.protocol, protocol);
        const answer = bytesFrom(socket, 4 + 5 + PUBLISH.length + 2);
        for (const one of [connectBytes(name, level), SUBSCRIBE, PUBLISH, PINGREQ]) socket.send(one);
        const { bytes, binary } = await answer;
        assert.deepEqual([bytes.subarray(0, 4).toString("hex"), binary], ["20020000", true]);
        assert.ok(bytes.includes(PUBLISH));
        socket.close();
      });
    }
  }

  it("[MQTT-6.0.0-2] parts of packets, and several packets, in one frame", async () => {
    const socket = await openWebSocket(broker.now, "ws", "mqtt");
    const all = Buffer.concat([connectBytes("MQTT", 4), SUBSCRIBE, PUBLISH, PINGREQ]);
    const answer = bytesFrom(socket, 4 + 5 + PUBLISH.length + 2);
    let start = 0;
    for (const end of [3, 16, 17, 25, all.length]) {
      socket.send(all.subarray(start, end));
      start = end;
    }
    const { bytes } = await answer;
    assert.ok(bytes.includes(PUBLISH));
    socket.close();
  });
});
