import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { connect as connectTcp } from "node:net";
import { describe, it } from "node:test";
import { expectNothing } from "../destinations/fixture.ts";
import { securityFiles, securityXml } from "../harness/accounts.ts";
import { type Instance, useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { edits, withoutAuthentication, type XmlEdit } from "../harness/xml.ts";

/** Connectors of fixture F1. */
function datagrams(raw: string, stomp: string): XmlEdit {
  const connectors = `
  <connector id="udp" protocol="udp" bind="udp://127.0.0.1:0">${raw}</connector>
  <connector id="stomp-udp" protocol="stomp-udp" bind="udp://127.0.0.1:0">${stomp}</connector>
</broker>`;
  return (xml) => xml.replace("</broker>", connectors);
}

async function send(broker: Instance, at: number, datagram: string | Uint8Array): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve, reject) => {
    socket.send(datagram, broker.port("udp", at), "127.0.0.1", (error) =>
      error ? reject(error) : resolve(),
    );
  });
  socket.close();
}

const frame = (destination: string, body: string, ...headers: string[]): string =>
  `SEND\ndestination:${destination}\n${headers.map((line) => `${line}\n`).join("")}\n${body}\0\n`;

describe("18 datagrams, fixture F1", { concurrency: true }, () => {
  const broker = useInstance({
    xml: edits(withoutAuthentication, datagrams("", '<stomp max_data_length="1k"/>')),
  });
  const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

  it("ST-011 UDP to STOMP", async () => {
    const wire = await connect();
    await wire.subscribe("0", "/topic/udp");
    for (const body of ["Hello", "World"]) {
      await send(broker.now, 0, body);
      const message = await wire.message(body);
      assert.equal(message.header("destination"), "/topic/udp");
    }
    await wire.drop();
  });

  it("ST-012 STOMP-UDP to STOMP: credentials do not go on, other headers do", async () => {
    const wire = await connect();
    await wire.subscribe("0", "/topic/some-other-udp");
    for (const body of ["Hello", "World"]) {
      const headers = ["login:admin", "passcode:password", "colour:red", "message-id:own"];
      await send(broker.now, 1, frame("/topic/some-other-udp", body, ...headers));
      const { lines } = await wire.message(body);
      assert.ok(lines.includes("colour:red") && lines.includes("message-id:own"));
      assert.ok(!lines.some((line) => /^(login|passcode):/.test(line)));
    }
    await wire.drop();
  });

  it("K 12 malformed datagrams are dropped, and the next one counts", async () => {
    const wire = await connect();
    await wire.subscribe("0", "/topic/after.malformed");
    for (const datagram of [
      "",
      "no frame at all",
      "SEND\n\nno destination\0",
      frame("/nowhere", "x"),
      frame("/topic/a!b", "x"),
      frame("/topic/*", "x"),
      frame("/temp-queue/x", "x"),
      frame("/topic/after.malformed", "x", "expires:soon"),
      frame("/topic/after.malformed", "x", "content-length:99"),
      frame("/topic/after.malformed", "x".repeat(2_000)),
      frame("/topic/after.malformed", "expired", "expires:1"),
      Buffer.alloc(60_000, 0xff),
    ]) {
      await send(broker.now, 1, datagram);
    }
    await send(
      broker.now,
      1,
      `${frame("/topic/after.malformed", "one")}${frame("/topic/after.malformed", "two")}`,
    );
    await wire.message("one");
    await expectNothing(wire); // one frame in each datagram
    await wire.drop();
  });

  it("18 any command, a body with NUL by its length, several destinations, the default host", async () => {
    const wire = await connect();
    await wire.subscribe("0", "/topic/any.a");
    await wire.subscribe("1", "/queue/any.b");
    const text = "MESSAGE\ndestination:/topic/any.a,/queue/any.b\nhost:nobody\ncontent-length:3\n\na\0b\0";
    await send(broker.now, 1, text);
    for (let at = 0; at < 2; at += 1) {
      assert.equal((await wire.expect("MESSAGE")).body.toString(), "a\0b");
    }
    await wire.drop();
  });

  it("18 retain and persistent are honoured", async () => {
    const wire = await connect();
    await wire.subscribe("0", "/topic/kept.datagram");
    await send(broker.now, 1, frame("/topic/kept.datagram", "kept", "retain:set", "persistent:true"));
    await wire.message("kept");
    wire.send("SUBSCRIBE", { id: "1", destination: "/topic/kept.datagram" });
    await wire.message("kept");
    await wire.drop();
  });
});

describe("11.2 protocols of connectors", () => {
  const others = `
  <connector id="any" protocol="any" bind="tcp://127.0.0.1:0"/>
  <connector id="only-tls" protocol="ssl" bind="tcp://127.0.0.1:0"/>
</broker>`;
  const broker = useInstance({
    xml: edits(withoutAuthentication, datagrams("", ""), (xml) => xml.replace("</broker>", others)),
  });

  it("BR-004 udp, ssl and any exist", async () => {
    for (const at of [0, 1]) assert.ok(broker.now.port("udp", at) > 0);
    const open = async (at: number): Promise<StompWire> => {
      const wire = new StompWire(connectTcp(broker.now.port("tcp", at), "127.0.0.1"));
      wire.raw("CONNECT\naccept-version:1.1\nhost:localhost\n\n\0");
      return wire;
    };
    const plain = await open(1);
    await plain.expect("CONNECTED");
    await plain.drop();
    const tlsOnly = await open(2);
    await tlsOnly.ended(); // what is no TLS is not listened to
  });
});

describe("18 raw datagrams for a queue that is full", () => {
  const broker = useInstance({
    xml: edits(
      withoutAuthentication,
      datagrams('<udp topic="queue:narrow,topic:wide" buffer_size="20"/>', ""),
      (xml) => xml.replace("</virtual_host>", '<queue id="narrow" quota="1"/></virtual_host>'),
    ),
  });

  it("K 12 beyond buffer_size the oldest are discarded", async () => {
    const wire = await StompWire.connect(broker.now);
    await wire.subscribe("wide", "/topic/wide");
    await send(broker.now, 0, "first 01");
    await wire.message("first 01");
    // the first crosses the quota and is in, the second fills what the producer may still send
    for (const body of ["second 2", "third 03", "fourth 4", "fifth 05"]) await send(broker.now, 0, body);
    wire.send("SUBSCRIBE", { id: "narrow", destination: "/queue/narrow" });
    const bodies: string[] = [];
    while (bodies.at(-1) !== "fifth 05 wide") {
      const message = await wire.expect("MESSAGE");
      bodies.push(`${message.text} ${message.header("subscription")}`);
    }
    assert.ok(
      !bodies.some((text) => text.startsWith("second 2") || text.startsWith("third 03")),
      bodies.join(),
    );
    assert.ok(bodies.includes("fourth 4 wide"));
    await wire.drop();
  });
});

describe("18 datagrams under access control, fixture F4", () => {
  const header = `<stomp><add_user_header kind="org.apache.activemq.apollo.broker.security.SourceAddressPrincipal">sender-ip</add_user_header></stomp>`;
  const broker = useInstance({ xml: edits(securityXml, datagrams("", header)), files: securityFiles() });

  it("ST-184 whoever may send is named on the message; whoever may not, or is nobody, is not heard", async () => {
    const hello = { login: "can_recieve_topic", passcode: "can_recieve_topic" };
    const wire = await StompWire.connect(broker.now, hello);
    await wire.subscribe("0", "/topic/some-other-udp");
    const as = (login: string, passcode: string, body: string): Promise<void> =>
      send(
        broker.now,
        1,
        frame("/topic/some-other-udp", body, `login:${login}`, `passcode:${passcode}`, "sender-ip:forged"),
      );
    await as("can_send_topic", "wrong", "no");
    await as("can_only_connect", "can_only_connect", "no");
    await send(broker.now, 1, frame("/topic/some-other-udp", "no"));
    await as("can_send_topic", "can_send_topic", "Hello");
    const message = await wire.message("Hello");
    assert.equal(message.header("sender-ip"), "127.0.0.1");
    await as("can_send_topic", "can_send_topic", "again");
    await wire.message("again");
    await wire.drop();
  });
});
