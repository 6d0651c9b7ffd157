import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { describe, it } from "node:test";
import { Client, type IFrame, type IMessage, type IStompSocket, Versions } from "@stomp/stompjs";
import WebSocket from "ws";
import { type Instance, useInstance } from "../harness/instance.ts";
import { Mailbox, within } from "../harness/waiting.ts";

/** As much of a WebSocket as the library needs, around a TCP socket. */
function tcpSocket(port: number): IStompSocket {
  const socket = connectTcp({ host: "localhost", port });
  const shim: IStompSocket = {
    url: `tcp://localhost:${port}`,
    binaryType: "arraybuffer",
    readyState: 0,
    onclose: undefined,
    onerror: undefined,
    onmessage: undefined,
    onopen: undefined,
    send: (data) => void socket.write(data as string | Uint8Array),
    close: () => void socket.end(),
  } as IStompSocket;
  const state = shim as { readyState: number };
  socket.on("connect", () => {
    state.readyState = 1;
    shim.onopen?.(undefined as never);
  });
  socket.on("data", (data) => shim.onmessage?.({ data: data.toString("utf8") } as never));
  socket.on("error", (error) => shim.onerror?.(error as never));
  socket.on("close", () => {
    state.readyState = 3;
    shim.onclose?.({ code: 1_000, wasClean: true } as never);
  });
  return shim;
}

function socketFor(broker: Instance, scheme: "tcp" | "ws" | "wss"): IStompSocket {
  if (scheme === "tcp") return tcpSocket(broker.port("tcp"));
  const url = `${scheme}://localhost:${broker.port(scheme)}/`;
  const options = { rejectUnauthorized: false };
  return new WebSocket(url, Versions.default.protocolVersions(), options) as unknown as IStompSocket;
}

describe("@stomp/stompjs", { concurrency: true }, () => {
  const broker = useInstance();

  async function connect(
    scheme: "tcp" | "ws" | "wss",
    version: string,
    passcode = "password",
  ): Promise<Client> {
    const client = new Client({
      webSocketFactory: () => socketFor(broker.now, scheme),
      stompVersions: new Versions([version]),
      connectHeaders: { login: "admin", passcode, host: "localhost" },
      reconnectDelay: 0,
      heartbeatIncoming: 1_000,
      heartbeatOutgoing: 1_000,
      forceBinaryWSFrames: scheme !== "tcp" && version === "1.2",
      appendMissingNULLonIncoming: false,
    });
    const connected = new Promise<void>((resolve, reject) => {
      client.onConnect = () => resolve();
      client.onStompError = (frame: IFrame) => reject(new Error(frame.headers["message"]));
      client.onWebSocketError = (error: unknown) => reject(new Error(String(error)));
    });
    client.activate();
    await within(connected, "CONNECTED");
    assert.equal(client.connectedVersion, version);
    return client;
  }

  for (const scheme of ["tcp", "ws", "wss"] as const) {
    for (const version of ["1.0", "1.1", "1.2"]) {
      it(`STOMP ${version} over ${scheme}: messages, acknowledgements, heart-beats`, async () => {
        const client = await connect(scheme, version);
        const queue = `/queue/stompjs.${scheme}.${version.replace(".", "")}`;
        const box = new Mailbox<IMessage>();
        client.subscribe(queue, (message) => box.put(message), { ack: "client" });
        for (const body of ["hello", "", "Grüße, 你好", "y".repeat(100_000)]) {
          client.publish({ destination: queue, body, headers: { own: "value" } });
          const message = await box.take("a message");
          assert.equal(message.body, body);
          assert.equal(message.headers["own"], "value");
          message.ack();
        }
        await client.deactivate();
      });
    }
  }

  it("a transaction, and a receipt", async () => {
    const client = await connect("ws", "1.2");
    const box = new Mailbox<IMessage>();
    client.subscribe("/queue/stompjs.tx", (message) => box.put(message));
    const transaction = client.begin();
    client.publish({
      destination: "/queue/stompjs.tx",
      body: "inside",
      headers: { transaction: transaction.id },
    });
    const receipt = new Promise<void>((resolve) => client.watchForReceipt("outside", () => resolve()));
    client.publish({ destination: "/queue/stompjs.tx", body: "outside", headers: { receipt: "outside" } });
    await within(receipt, "the receipt");
    assert.equal((await box.take("the plain message")).body, "outside");
    transaction.commit();
    assert.equal((await box.take("the transacted message")).body, "inside");
    await client.deactivate();
  });

  it("a wrong password is told as such", async () => {
    await assert.rejects(connect("ws", "1.2", "wrong"), /Authentication failed/);
  });
});
