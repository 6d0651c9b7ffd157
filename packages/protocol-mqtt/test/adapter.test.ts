import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectBytes, World } from "./client.ts";

describe("identification", () => {
  const { adapter } = new World();
  const connect = connectBytes();
  const connect31 = connectBytes({ protocolId: "MQIsdp", protocolVersion: 3 });
  const cases: [string, number[] | Buffer, string][] = [
    ["nothing yet", [], "maybe"],
    ["a CONNECT of MQTT 3.1.1", connect, "yes"],
    ["a CONNECT of MQTT 3.1", connect31, "yes"],
    ["a CONNECT with a length of four bytes", [0x10, 0x8f, 0x80, 0x80, 0, ...connect.subarray(2)], "yes"],
    ["a length of five bytes", [0x10, 0x80, 0x80, 0x80, 0x80], "no"],
    ["quirk 19: 0x10 and anything", [0x10, 20, 0, 4, 0x4d, 0x51, 0x54, 0x58], "no"],
    ["a name of another length", [0x10, 20, 0, 5], "no"],
    ["STOMP", Buffer.from("CONNECT\n"), "no"],
    ["another packet", [0x30], "no"],
  ];
  for (const [name, bytes, expected] of cases) {
    it(`says ${expected} to ${name}`, () => assert.equal(adapter.identify(Uint8Array.from(bytes)), expected));
  }

  it("says maybe to every prefix that is too short", () => {
    for (const [whole, needed] of [
      [connect, 8],
      [connect31, 10],
    ] as const) {
      for (let length = 0; length < needed; length += 1) {
        assert.equal(adapter.identify(whole.subarray(0, length)), "maybe", `${length} bytes`);
      }
      assert.equal(adapter.identify(whole.subarray(0, needed)), "yes");
    }
  });

  it("speaks the WebSocket sub-protocols", () => {
    assert.deepEqual(adapter.webSocketProtocols, ["mqtt", "mqttv3.1"]);
    assert.equal(adapter.id, "mqtt");
  });
});
