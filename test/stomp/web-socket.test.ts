import assert from "node:assert/strict";
import { get } from "node:http";
import { describe, it } from "node:test";
import type WebSocket from "ws";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { openWebSocket } from "../harness/streams.ts";
import { within } from "../harness/waiting.ts";
import { edits, intoConnector, withoutAuthentication } from "../harness/xml.ts";

const LIMIT = "?max_text_message_size=65535";

describe("STOMP over WebSocket", { concurrency: true }, () => {
  const broker = useInstance({
    xml: edits(
      withoutAuthentication,
      intoConnector("ws", "<notes/>", LIMIT),
      intoConnector("wss", "<notes/>", LIMIT),
      (xml) => xml.replaceAll("<notes/>", ""),
    ),
  });

  for (const way of ["ws", "wss"] as const) {
    it(`ST-201/202 ${way}: a message, then 100000`, async () => {
      const queue = `/queue/websocket.${way}`;
      const web = await StompWire.connect(broker.now, { way });
      await web.subscribe("1", queue);
      const wire = await StompWire.connect(broker.now);
      wire.asyncSend(queue, "Hello");
      await web.message("Hello");
      const count = 100_000;
      let sent = 0;
      const push = (): void => {
        while (sent < count && !wire.stream.writableNeedDrain) wire.asyncSend(queue, `messages #${++sent}`);
        if (sent < count) wire.stream.once("drain", push);
      };
      push();
      for (let i = 1; i <= count; i++) await web.message(`messages #${i}`);
      await web.drop();
      await wire.drop();
    });

    it(`ST-203/204 ${way}: 16385 characters to the browser`, async () => {
      const queue = `/queue/websocket.large.${way}`;
      const web = await StompWire.connect(broker.now, { way });
      await web.subscribe("1", queue);
      const wire = await StompWire.connect(broker.now);
      wire.asyncSend(queue, "x".repeat(16_385));
      await web.message("x".repeat(16_385));
      await web.drop();
      await wire.drop();
    });

    it(`ST-205, ST-209/210 ${way}: 16385 characters from the browser, as text`, async () => {
      const queue = `/queue/websocket.upload.${way}`;
      const wire = await StompWire.connect(broker.now);
      await wire.subscribe("1", queue);
      const web = await openWebSocket(broker.now, way, "v12.stomp");
      const first = textMessage(web);
      web.send("CONNECT\naccept-version:1.2\nhost:localhost\n\n\0");
      assert.match(await first, /^CONNECTED\n/);
      web.send(`SEND\ndestination:${queue}\n\n${"x".repeat(16_385)}\0`);
      await wire.message("x".repeat(16_385));
      web.close();
      await wire.drop();
    });

    it(`ST-206..208 ${way}: 你好 both ways`, async () => {
      const queue = `/queue/websocket.unicode.${way}`;
      const web = await openWebSocket(broker.now, way, "v12.stomp");
      const connected = textMessage(web);
      web.send("CONNECT\naccept-version:1.2\nhost:localhost\n\n\0");
      await connected;
      const receipt = textMessage(web);
      web.send(`SUBSCRIBE\nid:0\ndestination:${queue}\nreceipt:0\n\n\0`);
      await receipt;
      const wire = await StompWire.connect(broker.now);
      const message = textMessage(web);
      wire.asyncSend(queue, "你好");
      assert.match(await message, /\n\n你好\0/);
      await wire.subscribe("1", `${queue}.back`);
      web.send(`SEND\ndestination:${queue}.back\n\n你好\0`);
      await wire.message("你好");
      web.close();
      await wire.drop();
    });
  }

  it("10.3 a frame may span messages, and messages may hold several frames", async () => {
    const web = await openWebSocket(broker.now, "ws", "v12.stomp");
    const connected = textMessage(web);
    for (const part of ["CON", "NECT\naccept-version:1.2\n", "host:localhost\n\n", "\0"]) web.send(part);
    assert.match(await connected, /^CONNECTED\n/);
    const receipts: string[] = [];
    const both = within(
      new Promise<void>((resolve) => {
        web.on("message", (data: Buffer) => {
          receipts.push(...[...data.toString().matchAll(/receipt-id:(\w+)/g)].map(([, id]) => id!));
          if (receipts.length === 2) resolve();
        });
      }),
      "two receipts",
    );
    web.send("SEND\ndestination:/topic/two\nreceipt:a\n\n1\0SEND\ndestination:/topic/two\nreceipt:b\n\n2\0");
    await both;
    assert.deepEqual(receipts, ["a", "b"]);
    web.close();
  });

  it("10.3 any sub-protocol is accepted, and the protocol detected", async () => {
    for (const [name, hello] of [
      ["chat", "CONNECT\naccept-version:1.2\nhost:localhost\n\n\0"],
      ["v10.stomp", "CONNECT\naccept-version:1.2\nhost:localhost\n\n\0"],
    ] as const) {
      const web = await openWebSocket(broker.now, "ws", name);
      assert.equal(web.protocol, name);
      const connected = textMessage(web);
      web.send(hello);
      assert.match(await connected, /^CONNECTED\n/);
      web.close();
    }
  });

  it("10.3 a plain GET is answered with {}", async () => {
    const answer = new Promise<string>((resolve, reject) => {
      get({ host: "127.0.0.1", port: broker.now.port("ws"), path: "/" }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve(`${response.statusCode} ${response.headers["content-type"]} ${text.trim()}`),
        );
      }).on("error", reject);
    });
    assert.match(await within(answer, "the answer"), /^200 application\/json.* \{\}$/);
  });
});

/** The next message, which must be text because ours are. */
function textMessage(socket: WebSocket): Promise<string> {
  const message = new Promise<string>((resolve, reject) => {
    socket.once("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) reject(new Error("the answer is binary"));
      else resolve(data.toString("utf8"));
    });
    socket.once("close", () => reject(new Error("closed")));
  });
  return within(message, "a WebSocket message");
}
