import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { test } from "node:test";
import { BrokerError, DatagramBacklog, SILENT_LOGGER } from "@tsapollo/domain";
import { RecordingHost } from "@tsapollo/testkit";
import { DatagramConnector, parseDatagramBind, RawDatagrams, rawAddresses } from "../src/index.ts";

for (const [uri, expected] of [
  ["udp://0.0.0.0:61619", { host: "0.0.0.0", port: 61_619 }],
  ["UDP://[::1]:0/", { host: "::1", port: 0 }],
] as const) {
  test(`10.1: ${uri}`, () => assert.deepEqual(parseDatagramBind(uri, assert.fail), expected));
}

for (const uri of ["udp://0.0.0.0", "udp://:1", "udp://h:65536", "tcp://h:1", "udp:h:1"]) {
  test(`10.1: ${uri} is refused`, () => {
    assert.throws(() => parseDatagramBind(uri, assert.fail), { code: "BAD_CONFIGURATION" });
  });
}

test("10.1: parameters have no effect, and that is said", () => {
  const warnings: string[] = [];
  parseDatagramBind("udp://h:1?backlog=5", (sentence) => warnings.push(sentence));
  assert.deepEqual(warnings, [
    "The parameters of udp://h:1?backlog=5 have no effect: there are none for udp.",
  ]);
});

test("18: names of topics, queues and durable subscriptions", () => {
  const keys = rawAddresses("udp,topic:a.b,queue:c,dsub:d").map(({ key }) => key);
  assert.deepEqual(keys, ["topic:udp", "topic:a.b", "queue:c", "dsub:d"]);
  assert.throws(() => rawAddresses("a!b"), BrokerError);
});

test("18: what comes over the socket is handed over, with whose it is; a taken port is an error", async () => {
  const received: string[] = [];
  let closed = 0;
  let arrived: () => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const receiver = {
    receive: (bytes: Uint8Array, remote: string) => {
      received.push(`${Buffer.from(bytes)} ${remote.split(":")[0]}`);
      arrived();
    },
    close: () => {
      closed += 1;
    },
  };
  const connector = new DatagramConnector({ host: "127.0.0.1", port: 0 }, receiver, SILENT_LOGGER);
  const uri = await connector.start();
  assert.equal(connector.boundUri, uri);
  const port = Number(/^udp:\/\/127\.0\.0\.1:(\d+)$/.exec(uri)![1]);
  const taken = new DatagramConnector({ host: "127.0.0.1", port }, receiver, SILENT_LOGGER);
  await assert.rejects(taken.start(), { code: "CANNOT_LISTEN" });
  const socket = createSocket("udp4");
  socket.send("hello", port, "127.0.0.1");
  await first;
  socket.close();
  assert.deepEqual(received, ["hello 127.0.0.1"]);
  await connector.stop();
  assert.equal(closed, 1);
});

test("18: each datagram is a message of bytes; when the destination is full they wait", () => {
  const host = new RecordingHost();
  const receiver = new RawDatagrams({
    addresses: rawAddresses("udp"),
    backlogBytesMax: 3,
    admit: (producer) => {
      host.bind(producer);
      return host;
    },
  });
  const bodies = (): string[] =>
    host.published.map(({ message }) => Buffer.from(message.codec.toNeutral(message).body).toString());
  receiver.receive(Buffer.from("1"));
  host.accepting = false;
  for (const body of ["2", "3", "4", "5", "6"]) receiver.receive(Buffer.from(body));
  assert.deepEqual(bodies(), ["1", "2"]);
  receiver.resumed();
  assert.deepEqual(bodies(), ["1", "2", "4"], "still full, and the oldest had gone");
  host.accepting = true;
  receiver.resumed();
  assert.deepEqual(bodies(), ["1", "2", "4", "5", "6"]);
  receiver.close();
  assert.equal(host.closed, true);
});

test("18: the oldest datagrams go when there are too many", () => {
  const backlog = new DatagramBacklog<string>(10);
  for (const text of ["12345", "67890", "x"]) backlog.add(text, text.length);
  assert.equal(backlog.discarded, 1);
  assert.deepEqual([backlog.shift(), backlog.shift(), backlog.shift()], ["67890", "x", undefined]);
  backlog.add("far too long for it", 19);
  assert.equal(backlog.isEmpty, true);
});
