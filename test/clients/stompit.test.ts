import assert from "node:assert/strict";
import { describe, it } from "node:test";
import stompit, { type Client, type Message } from "stompit";
import { useInstance } from "../harness/instance.ts";
import { brokerCertificate } from "../harness/streams.ts";
import { Mailbox, within } from "../harness/waiting.ts";

interface Letter {
  readonly message: Message;
  readonly body: string;
}

describe("stompit", { concurrency: true }, () => {
  const broker = useInstance();

  async function connect(scheme: "tcp" | "tls"): Promise<Client> {
    const ca = await brokerCertificate(broker.now);
    const options = {
      host: "localhost",
      port: broker.now.port(scheme),
      ssl: scheme === "tls",
      ca,
      connectHeaders: { host: "localhost", login: "admin", passcode: "password", "heart-beat": "5000,5000" },
    };
    const connected = new Promise<Client>((resolve, reject) => {
      stompit.connect(options, (error, client) => (error === null ? resolve(client) : reject(error)));
    });
    return within(connected, "CONNECTED");
  }

  function subscribe(client: Client, destination: string, ack: string): Mailbox<Letter> {
    const box = new Mailbox<Letter>();
    client.subscribe({ destination, ack }, (error, message) => {
      if (error !== null) return box.end(error);
      message.readString("utf-8", (failure, body) =>
        failure === null ? box.put({ message, body }) : box.end(failure),
      );
    });
    return box;
  }

  function send(client: Client, destination: string, body: string, headers = {}): Promise<void> {
    const sent = new Promise<void>((resolve, reject) => {
      const frame = client.send(
        { destination, "content-type": "text/plain", ...headers },
        { onReceipt: resolve, onError: reject },
      );
      frame.end(body);
    });
    return within(sent, "the receipt");
  }

  function disconnect(client: Client): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      client.disconnect((error) => (error === null ? resolve() : reject(error)));
    });
    return within(done, "the end");
  }

  for (const scheme of ["tcp", "tls"] as const) {
    for (const [ack, destination] of [
      ["auto", `/topic/stompit.${scheme}`],
      ["client", `/queue/stompit.client.${scheme}`],
      ["client-individual", `/queue/stompit.individual.${scheme}`],
    ] as const) {
      it(`over ${scheme}, ack:${ack}`, async () => {
        const client = await connect(scheme);
        const box = subscribe(client, destination, ack);
        for (const body of ["hello", "", "Grüße, 你好", "x".repeat(200_000)]) {
          await send(client, destination, body, { "a:b": "line\nbreak \\ and : colon" });
          const { message, body: received } = await box.take("a message");
          assert.equal(received, body);
          assert.equal(message.headers["a:b"], "line\nbreak \\ and : colon");
          if (ack !== "auto") client.ack(message);
        }
        await disconnect(client);
      });
    }
  }

  it("a transaction", async () => {
    const client = await connect("tcp");
    const box = subscribe(client, "/queue/stompit.tx", "auto");
    const aborted = client.begin();
    aborted.send({ destination: "/queue/stompit.tx" }).end("never");
    aborted.abort();
    const committed = client.begin();
    for (const body of ["1", "2"]) committed.send({ destination: "/queue/stompit.tx" }).end(body);
    committed.commit();
    assert.equal((await box.take("the first")).body, "1");
    assert.equal((await box.take("the second")).body, "2");
    await disconnect(client);
  });
});
