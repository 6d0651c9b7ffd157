import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerError, type Message, PRINCIPAL_KINDS } from "@tsapollo/domain";
import { settled, TestReception } from "@tsapollo/testkit";
import { Harness } from "./harness.ts";

function content(message: Message): string {
  return Buffer.from(message.bytes.subarray(message.start, message.end)).toString();
}

test("15.5: the headers stay as they came, the generated message-id is before them", async () => {
  const stomp = new Harness();
  await stomp.connect("1.1");
  const message = stomp.published("destination:/queue/a", "x: y\\c", "receipt-x:", "hello");
  assert.equal(content(message), "message-id:default-11\ndestination:/queue/a\nx: y\\c\nreceipt-x:\n\nhello");
  assert.equal(Buffer.from(message.body()).toString(), "hello");
  assert.match(content(stomp.published("destination:/queue/a")), /^message-id:default-12\n/);
  assert.equal(message.codec, stomp.adapter.codec);
});

test("15.5: a given message-id is kept, and then nothing is copied", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const message = stomp.published("destination:/queue/a", "message-id:mine", "hello");
  assert.equal(content(message), "destination:/queue/a\nmessage-id:mine\n\nhello");
  assert.match(content(stomp.published("destination:/queue/a", "message-id:")), /^message-id:default-11\n/);
});

test("15.2: white space that a version trims is not relayed", async () => {
  const stomp = new Harness();
  await stomp.connect("1.0");
  const message = stomp.published("destination : /queue/a ", "message-id:m", " x :\ty ", "hello");
  assert.equal(content(message), "destination:/queue/a\nmessage-id:m\nx:y\n\nhello");
  const crlf = new Harness();
  await crlf.connect("1.2");
  crlf.connection.feed("SEND\ndestination:/queue/a\nmessage-id:m\n\r\nhi\0");
  assert.equal(content(crlf.host.published[0]!.message), "destination:/queue/a\nmessage-id:m\n\nhi");
});

test("15.5: what the broker reads of a message", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const message = stomp.published(
    "destination:/topic/a",
    "persistent:true",
    "priority:7",
    "retain:set",
    "message_group:g",
    "expires:2000000",
    "ttl:5",
  );
  assert.equal(message.persistent, true);
  assert.equal(message.priority, 7);
  assert.equal(message.retain, "set");
  assert.equal(message.groupKey, "g");
  assert.equal(message.expiresAtMs, 2_000_000);
  assert.equal(content(message).split("expires:").length, 2, "expires is not added when it is there");
  const plain = stomp.published("destination:/topic/a", "persistent:yes", "retain:true", "priority:0");
  assert.deepEqual(
    [plain.persistent, plain.retain, plain.priority, plain.expiresAtMs, plain.groupKey],
    [false, "none", 0, 0, undefined],
  );
});

test("ST-024: retain:remove clears", async () => {
  const stomp = new Harness();
  await stomp.connect();
  assert.equal(stomp.published("destination:/topic/a", "retain:remove").retain, "clear");
});

test("ST-040: ttl becomes expires", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const message = stomp.published("destination:/queue/a", "ttl:1000", "hello");
  assert.equal(message.expiresAtMs, stomp.clock.nowMs() + 1_000);
  assert.match(content(message), /^message-id:default-11\nexpires:1001000\ndestination:/);
});

test("a message larger than the scratch block has bytes of its own", async () => {
  const stomp = new Harness();
  await stomp.connect();
  const body = "b".repeat(200_000);
  const message = stomp.published("destination:/queue/a", "ttl:1", body);
  assert.equal(Buffer.from(message.body()).toString(), body);
});

const REFUSED: readonly (readonly [lines: readonly string[], text: string])[] = [
  [["x:y"], "destination not set."],
  [
    ["destination:/queue/a/b"],
    "Internal Server Error\\c Invalid destination\\c 'a/b', it does not match regex\\c [ a-zA-Z0-9_\\\\-%~\\c()]+",
  ],
  [
    ["destination:queue.a"],
    "Internal Server Error\\c Invalid destination\\c 'queue.a', it must start with /queue/, /topic/, /dsub/, /temp-topic/ or /temp-queue/",
  ],
  [["destination:,,"], "Internal Server Error\\c Invalid destination\\c ',,', it names no destination"],
  [
    ["destination:/queue/a,,/queue/b"],
    "Internal Server Error\\c Invalid destination\\c '', it must start with /queue/, /topic/, /dsub/, /temp-topic/ or /temp-queue/",
  ],
  [
    ["destination:/queue/a", "ttl:soon"],
    "Internal Server Error\\c the ttl header is not an integer\\c 'soon'",
  ],
  [
    ["destination:/queue/a", "expires:1.5"],
    "Internal Server Error\\c the expires header is not an integer\\c '1.5'",
  ],
  [
    ["destination:/queue/a", "priority:-"],
    "Internal Server Error\\c the priority header is not an integer\\c '-'",
  ],
];
for (const [lines, text] of REFUSED) {
  test(`SEND ${lines.join(" ")} is refused`, async () => {
    const stomp = new Harness();
    await stomp.connect();
    stomp.send("SEND", ...lines);
    stomp.failed(text);
    assert.equal(stomp.host.closed, true);
  });
}

test("the engine's refusal is an ERROR, with and without a receipt", async () => {
  for (const lines of [[], ["receipt:1"]]) {
    const stomp = new Harness();
    await stomp.connect("1.0");
    stomp.host.refusals.set(
      "queue:no",
      new BrokerError("ACCESS_DENIED", "Not authorized to send to the queue 'no'. Principals=[]"),
    );
    stomp.send("SEND", "destination:/queue/no", ...lines);
    stomp.failed("Not authorized to send to the queue 'no'. Principals=[]");
  }
});

test("ST-047: receipts leave in order, when the engine has answered", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.host.confirming = false;
  stomp.send("SEND", "destination:/topic/a", "receipt:1");
  stomp.send("SEND", "destination:/topic/a", "persistent:true");
  stomp.send("SEND", "destination:/topic/a", "receipt:ü:2");
  assert.deepEqual(stomp.replies(), []);
  const [first, , last] = stomp.host.published;
  stomp.host.producer.confirmed(last!.token);
  assert.deepEqual(stomp.replies(), []);
  stomp.host.producer.confirmed(first!.token);
  stomp.only("RECEIPT");
  stomp.host.producer.confirmed(stomp.host.published[1]!.token);
  assert.deepEqual(stomp.only("RECEIPT").headers, [["receipt-id", "ü:2"]]);
});

test("equal destinations are the same Address object, also when they alternate", async () => {
  const stomp = new Harness();
  await stomp.connect();
  for (const name of ["a", "b", "a", "a"]) stomp.send("SEND", `destination:/queue/${name}`);
  const [a1, b, a2, a3] = stomp.host.published.map(({ address }) => address);
  assert.equal(a1, a2);
  assert.equal(a2, a3);
  assert.notEqual(a1, b);
  stomp.send("SEND", "destination:/queue/x\\cy");
  assert.equal(stomp.host.published[4]!.address.id, "x:y", "1.1 and 1.2 clients escape the colon");
});

test("15.6: user, timestamp and message-id headers stand before the client's", async () => {
  const stomp = new Harness({
    addUserHeaders: [
      { name: " JMSXUserID ", kind: undefined, separator: undefined },
      { name: "groups", kind: PRINCIPAL_KINDS.group, separator: "," },
      { name: "first", kind: "*", separator: undefined },
      { name: "none", kind: "nothing", separator: undefined },
    ],
    addTimestampHeader: "timestamp",
  });
  const principals = [
    { kind: PRINCIPAL_KINDS.user, name: "ann" },
    { kind: PRINCIPAL_KINDS.group, name: "a:b" },
    { kind: PRINCIPAL_KINDS.group, name: "c" },
  ];
  stomp.reception.login = async (request) => {
    const admission = await TestReception.prototype.login.call(stomp.reception, request);
    return { ...admission, identity: { principals, userName: "ann" } };
  };
  await stomp.connect();
  const message = stomp.published("destination:/queue/a", "JMSXUserID:forged");
  assert.equal(
    content(message),
    "JMSXUserID:ann\ngroups:a\\cb,c\nfirst:ann\nnone:\ntimestamp:1000000\nmessage-id:default-11\n" +
      "destination:/queue/a\nJMSXUserID:forged\n\n",
  );
});

test("instance 8.1: without authentication no user header is added", async () => {
  const stomp = new Harness({ addUserHeaders: [{ name: "user", kind: undefined, separator: undefined }] });
  await stomp.connect();
  assert.doesNotMatch(content(stomp.published("destination:/queue/a")), /user/);
});

test("other prefixes and separators", async () => {
  const stomp = new Harness({ queuePrefix: "q:", pathSeparator: "/", anyChildWildcard: "+" });
  await stomp.connect("1.0");
  stomp.send("SEND", "destination:q:a/b");
  assert.equal(stomp.host.published[0]!.address.key, "queue:a.b");
});

test("11: a full destination stops reading, and other frames wait", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.host.accepting = false;
  stomp.connection.feed("SEND\ndestination:/queue/a\n\n1\0\nSEND\ndestination:/queue/a\n\n2\0\n");
  assert.equal(stomp.host.published.length, 1);
  assert.equal(stomp.connection.paused, true);
  stomp.host.accepting = true;
  stomp.host.producer.resumed();
  await settled();
  assert.equal(stomp.host.published.length, 2);
});

test("ST-072: a client that does not read its receipts is not read from", async () => {
  const stomp = new Harness({ receiptsMax: 10 });
  await stomp.connect();
  stomp.connection.output.full = true;
  for (let count = 1; count <= 25; count += 1) stomp.send("SEND", "destination:/topic/a", `receipt:${count}`);
  assert.equal(stomp.replies().length, 10);
  assert.equal(stomp.connection.paused, true);
  stomp.connection.output.full = false;
  stomp.handler.drained();
  await settled();
  assert.equal(stomp.replies().length, 15);
  assert.equal(stomp.host.published.length, 25);
});

test("11: too many sends without an answer stop reading", async () => {
  const stomp = new Harness({ receiptsMax: 10 });
  await stomp.connect();
  stomp.host.confirming = false;
  for (let count = 0; count < 12; count += 1) stomp.send("SEND", "destination:/queue/a", "persistent:true");
  assert.equal(stomp.host.published.length, 10);
  stomp.host.confirmAll();
  await settled();
  assert.equal(stomp.host.published.length, 12);
});

test("limits of the connector hold, for what is incomplete too", async () => {
  const small = { maxHeaderLengthBytes: 40, maxHeaders: 2, maxDataLengthBytes: 10 };
  const cases: readonly (readonly [string, string])[] = [
    [`SEND\nx:${"y".repeat(40)}`, "The maximum header length was exceeded"],
    ["SEND\na:b\na:b\na:b\n", "The maximum number of headers was exceeded"],
    ["SEND\ncontent-length:11\n\n", "The maximum data length was exceeded"],
    ["SEND\n\n12345678901", "The maximum data length was exceeded"],
    ["SEND\ncontent-length:x\n\n", "Specified content-length is not a valid integer"],
    ["SEND\ncontent-length:1\n\nab", "Expected null terminator after 1 content bytes"],
    ["S".repeat(21), "The maximum command length was exceeded"],
  ];
  for (const [bytes, text] of cases) {
    const stomp = new Harness(small);
    await stomp.connect("1.2");
    stomp.connection.feed(bytes);
    stomp.failed(text);
  }
  const unlimited = new Harness({ maxHeaders: undefined, maxDataLengthBytes: undefined });
  await unlimited.connect();
  unlimited.connection.feed(`SEND\n${"a:b\n".repeat(2_000)}destination:/queue/a\n\n\0`);
  assert.equal(unlimited.host.published.length, 1);
});
