import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { eventually } from "../harness/waiting.ts";
import { withoutAuthentication } from "../harness/xml.ts";

describe("STOMP: connecting", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });

  async function say(bytes: string): Promise<StompWire> {
    const wire = await StompWire.open(broker.now);
    wire.raw(bytes);
    return wire;
  }

  const accepted = [
    { id: "ST-001 CONNECT 1.0", text: "CONNECT\n\n\0\n", version: "1.0" },
    { id: "ST-002 CONNECT 1.1", text: "CONNECT\naccept-version:1.1\nhost:localhost\n\n\0\n", version: "1.1" },
    {
      id: "ST-003 STOMP instead of CONNECT",
      text: "STOMP\naccept-version:1.0,1.1\nhost:localhost\n\n\0\n",
      version: "1.1",
    },
    { id: "ST-004 version fallback", text: "CONNECT\naccept-version:1.0,10.0\n\n\0\n", version: "1.0" },
    {
      id: "15.3 STOMP 1.2 wins",
      text: "CONNECT\naccept-version:1.0,1.1,1.2\nhost:localhost\n\n\0\n",
      version: "1.2",
    },
    {
      id: "15.2 newlines before CONNECT",
      text: "\n\r\n\nCONNECT\naccept-version:1.2\nhost:localhost\n\n\0\n",
      version: "1.2",
    },
  ];
  for (const { id, text, version } of accepted) {
    it(id, async () => {
      const wire = await say(text);
      const frame = await wire.expect("CONNECTED");
      assert.equal(frame.header("version"), version);
      assert.ok(frame.header("session"));
      await wire.drop();
    });
  }

  it("15.3 the headers of CONNECTED, in their order", async () => {
    const wire = await say("CONNECT\naccept-version:1.2\nhost:localhost\n\n\0\n");
    const frame = await wire.expect("CONNECTED");
    const names = frame.lines.map((line) => line.slice(0, line.indexOf(":")));
    assert.deepEqual(names, ["version", "server", "host-id", "session", "heart-beat"]);
    assert.equal(frame.header("heart-beat"), "100,10000");
    assert.equal(frame.header("host-id"), "mybroker");
    assert.match(frame.header("session")!, /^mybroker-[0-9a-f]+$/);
    await wire.drop();
  });

  it("ST-005 no common version", async () => {
    const wire = await say("CONNECT\naccept-version:9.0,10.0\n\n\0\n");
    const frame = await wire.expectError("version not supported");
    assert.equal(frame.header("version"), "1.2,1.1,1.0");
    assert.equal(frame.text, "Supported protocol versions are 1.2,1.1,1.0");
    await wire.drop();
  });

  it("ST-006 unknown virtual host", async () => {
    const wire = await say("CONNECT\naccept-version:1.0,1.1\nhost:invalid\n\n\0\n");
    await wire.expectError("Invalid virtual host: invalid");
    await wire.drop();
  });

  it("ST-007 the broker's heart-beats", async () => {
    const wire = await say("CONNECT\naccept-version:1.1\nhost:localhost\nheart-beat:0,1000\n\n\0\n");
    const frame = await wire.expect("CONNECTED");
    assert.ok(frame.header("heart-beat"));
    // the first one is the line end behind the frame
    await eventually("three line feeds", () => wire.beats.length >= 3);
    const [first, second, third] = wire.beats;
    assert.ok(second! - first! >= 900, `${second! - first!} ms`);
    assert.ok(third! - second! >= 900, `${third! - second!} ms`);
    assert.equal(wire.waiting, 0);
    await wire.drop();
  });

  it("ST-008 an idle client is dropped, with the usual minimum of 10 s", async () => {
    const wire = await say("CONNECT\naccept-version:1.1\nhost:localhost\nheart-beat:1000,0\n\n\0\n");
    const start = Date.now();
    assert.ok((await wire.expect("CONNECTED")).header("heart-beat"));
    const frame = await wire.receive("the ERROR about silence", 25_000);
    assert.equal(frame.command, "ERROR");
    assert.equal(frame.header("message"), "Stale connection.  Missed heartbeat.");
    assert.ok(Date.now() - start >= 10_000, `after ${Date.now() - start} ms`);
    await wire.drop();
  });

  it("ST-009 a telnet client with CRLF", async () => {
    const hello = ["CONNECT", "accept-version:1.2", "login:admin", "passcode:password", "", "\0\r\n"];
    const wire = await say(hello.join("\r\n"));
    assert.ok((await wire.expect("CONNECTED")).header("session"));
    const subscribe = ["SUBSCRIBE", "id:0", "destination:/queue/somedest", "receipt:0", "", "\0\r\n"];
    wire.raw(subscribe.join("\r\n"));
    assert.equal((await wire.expect("RECEIPT")).header("receipt-id"), "0");
    await wire.drop();
  });

  it("ST-010 a header without a name", async () => {
    const wire = await StompWire.connect(broker.now);
    wire.raw("SUBSCRIBE\ndestination:/queue/APLO-349\nid:0\n:invalid header\n\n\0\n");
    await wire.expectError("Unable to parser header line");
    await wire.drop();
  });

  it("15.4 after an ERROR the broker reads nothing more and closes", async () => {
    const wire = await StompWire.connect(broker.now);
    wire.raw("NONSENSE\n\n\0\n");
    await wire.expect("ERROR");
    wire.sendWithReceipt("SEND", { destination: "/queue/after.error" }, "x");
    await wire.ended();
    assert.equal(wire.waiting, 0);
  });

  const refused = [
    {
      what: "a first frame that is no CONNECT",
      raw: "STOMPED\n\n\0",
      error: "Expecting a STOMP or CONNECT frame, but got: ",
    },
    {
      what: "a bad heart-beat",
      raw: "CONNECT\nheart-beat:a,b\n\n\0",
      error: "Invalid heart-beat header: a,b",
    },
  ];
  for (const { what, raw, error } of refused) {
    it(`15.3 ${what}`, async () => {
      const wire = await say(raw);
      await wire.expectError(error);
      await wire.drop();
    });
  }
});
