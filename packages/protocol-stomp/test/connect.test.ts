import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerError } from "@tsapollo/domain";
import { settled } from "@tsapollo/testkit";
import { StompAdapter } from "../src/index.ts";
import { Harness, header, names } from "./harness.ts";

const VERSIONS: readonly (readonly [
  id: string,
  command: string,
  lines: readonly string[],
  version: string,
])[] = [
  ["ST-001", "CONNECT", [], "1.0"],
  ["ST-002", "CONNECT", ["accept-version:1.1"], "1.1"],
  ["ST-003", "STOMP", ["accept-version:1.0,1.1", "host:localhost"], "1.1"],
  ["ST-004", "CONNECT", ["accept-version:1.0,10.0"], "1.0"],
  ["15.3", "CONNECT", ["accept-version:1.2,1.1,1.0"], "1.2"],
];

for (const [id, command, lines, version] of VERSIONS) {
  test(`${id}: ${command} ${lines.join(" ")} is answered with version ${version}`, async () => {
    const stomp = new Harness();
    stomp.send(command, ...lines);
    await settled();
    assert.deepEqual(stomp.only("CONNECTED").headers, [
      ["version", version],
      ["server", "tsapollo/0.0.0-test"],
      ["host-id", "default"],
      ["session", "default-1"],
      ["heart-beat", "100,10000"],
    ]);
  });
}

test("ST-005: no common version", () => {
  const stomp = new Harness();
  stomp.send("CONNECT", "accept-version:9.0,10.0");
  assert.deepEqual(stomp.replies(), [
    {
      command: "ERROR",
      headers: [
        ["content-type", "text/plain"],
        ["message", "version not supported"],
        ["version", "1.2,1.1,1.0"],
      ],
      body: "Supported protocol versions are 1.2,1.1,1.0",
    },
  ]);
  assert.equal(stomp.connection.closeDelayMs, 5_000);
});

test("ST-006: unknown virtual host", async () => {
  const stomp = new Harness();
  stomp.send("CONNECT", "accept-version:1.0,1.1", "host:invalid");
  await settled();
  stomp.failed("Invalid virtual host\\c invalid");
});

test("the version, host and credentials reach the reception, decoded [15.2]", async () => {
  const stomp = new Harness();
  await stomp.connect("1.2", "host:localhost", "login:a\\cb", "passcode:p w\\\\");
  const { hostName, user, password } = stomp.reception.logins[0]!;
  assert.deepEqual([hostName, user, password], ["localhost", "a:b", "p w\\"]);
});

test("user-id is told when the host authenticates [15.3]", async () => {
  const stomp = new Harness();
  stomp.reception.userName = "ann\nmessage:forged";
  const connected = await stomp.connect();
  assert.equal(header(connected, "user-id"), "ann message:forged");
});

test("a refused login is an ERROR", async () => {
  const stomp = new Harness();
  stomp.reception.refusal = new BrokerError("AUTHENTICATION_FAILED", "Authentication failed");
  stomp.send("CONNECT");
  await settled();
  stomp.failed("Authentication failed");
});

test("ST-009: a telnet style client", async () => {
  const stomp = new Harness();
  stomp.connection.feed("CONNECT\r\naccept-version:1.2\r\nlogin:admin\r\npasscode:password\r\n\r\n\0\r\n");
  await settled();
  assert.ok(header(stomp.only("CONNECTED"), "session"));
  stomp.connection.feed("SUBSCRIBE\r\nid:0\r\ndestination:/queue/somedest\r\nreceipt:0\r\n\r\n\0\r\n");
  assert.equal(header(stomp.only("RECEIPT"), "receipt-id"), "0");
});

test("ST-010: a header without a name", async () => {
  const stomp = new Harness();
  await stomp.connect("1.1");
  stomp.send("SUBSCRIBE", "destination:/queue/APLO-349", "id:0", ":invalid header");
  stomp.failed("Unable to parser header line [\\cinvalid header]");
});

const FIRST_FRAMES: readonly (readonly [command: string, lines: readonly string[], text: string])[] = [
  ["SEND", ["destination:/queue/a"], "Expecting a STOMP or CONNECT frame, but got: SEND"],
  ["HELLO", [], "Expecting a STOMP or CONNECT frame, but got: HELLO"],
  ["CONNECT", ["heart-beat:often"], "Invalid heart-beat header: often"],
  ["CONNECT", ["heart-beat:1,-1"], "Invalid heart-beat header: 1,-1"],
];
for (const [command, lines, text] of FIRST_FRAMES) {
  test(`15.3: ${text}`, () => {
    const stomp = new Harness();
    stomp.send(command, ...lines);
    stomp.failed(text);
  });
}

test("15.3: a second CONNECT, an unknown command, a server's command", async () => {
  for (const command of ["CONNECT", "STOMP", "HELLO", "MESSAGE"]) {
    const stomp = new Harness();
    await stomp.connect();
    stomp.send(command);
    stomp.failed(`Invalid STOMP frame command\\c ${command}`);
  }
});

test("frames behind CONNECT wait until the client is admitted, however they are cut", async () => {
  const stream = "\nCONNECT\naccept-version:1.2\n\n\0\nSEND\ndestination:/queue/a\nreceipt:1\n\nhello\0\n";
  for (let cut = 1; cut < stream.length; cut += 1) {
    const stomp = new Harness();
    stomp.connection.feed(stream.slice(0, cut));
    stomp.connection.feed(stream.slice(cut));
    assert.equal(stomp.host.published.length, 0);
    await settled();
    assert.deepEqual(
      stomp.replies().map(({ command }) => command),
      ["CONNECTED", "RECEIPT"],
    );
    assert.equal(Buffer.from(stomp.host.published[0]!.message.body()).toString(), "hello");
  }
});

test("a connection that goes away during the login leaves nothing behind", async () => {
  const stomp = new Harness();
  stomp.send("CONNECT");
  stomp.handler.closed();
  await settled();
  assert.equal(stomp.host.closed, true);
  assert.deepEqual(stomp.replies(), []);
  assert.equal(stomp.clock.timerCount, 0);
});

test("a silent connection is refused in time", () => {
  const stomp = new Harness({ connectTimeoutMs: 3_000 });
  stomp.connection.feed("\n\nCONN");
  stomp.clock.advance(2_999);
  assert.deepEqual(stomp.replies(), []);
  stomp.clock.advance(1);
  stomp.failed("No CONNECT frame came within 3000 ms");
});

test("a stranger cannot make the broker keep a large body", () => {
  const stomp = new Harness();
  stomp.connection.feed("CONNECT\ncontent-length:100000\n\n");
  stomp.failed("The maximum data length was exceeded");
});

test("identification: line ends, then CONNECT or STOMP, byte by byte", () => {
  const adapter = new StompAdapter();
  const cases: readonly (readonly [string, string])[] = [
    ["", "maybe"],
    ["\r\n", "maybe"],
    ["C", "maybe"],
    ["\nCONNEC", "maybe"],
    ["CONNECT", "yes"],
    ["\r\nCONNECT\n", "yes"],
    ["STOM", "maybe"],
    ["STOMP", "yes"],
    ["SEND", "no"],
    ["GET / HTTP", "no"],
    ["COMMIT", "no"],
    ["\x10\x0c", "no"],
    ["\n".repeat(33), "no"],
  ];
  for (const [text, verdict] of cases) {
    assert.equal(adapter.identify(Buffer.from(text)), verdict, JSON.stringify(text));
  }
  assert.deepEqual(adapter.webSocketProtocols, ["v12.stomp", "v11.stomp", "v10.stomp", "stomp"]);
  assert.equal(adapter.id, "stomp");
});

test("CONNECTED has its headers in order [15.3]", async () => {
  const stomp = new Harness({ heartBeatSendMs: 50, heartBeatReceiveMs: 60 });
  stomp.reception.userName = "ann";
  assert.deepEqual(names(await stomp.connect()), [
    "version",
    "server",
    "host-id",
    "session",
    "heart-beat",
    "user-id",
  ]);
});
