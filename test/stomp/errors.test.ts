import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { type Hello, StompWire } from "../harness/stomp-wire.ts";
import { withoutAuthentication } from "../harness/xml.ts";

const subscribe = "SUBSCRIBE\nid:1\ndestination:/queue/e\nack:client\n\n\0\n";
const auto = "SUBSCRIBE\nid:1\ndestination:/queue/e.auto\n\n\0\n";

/** What a client sends after CONNECT, and how the message of the ERROR begins. [scenarios K 1] */
const CASES: readonly { what: string; raw: string; error: string; version?: Hello["version"] }[] = [
  { what: "15.3 a second CONNECT", raw: "CONNECT\n\n\0", error: "Invalid STOMP frame command: CONNECT" },
  { what: "15.3 an unknown command", raw: "FOO\n\n\0", error: "Invalid STOMP frame command: FOO" },
  {
    what: "15.2 a command line that is too long",
    raw: `${"A".repeat(30)}\n\n\0`,
    error: "The maximum command length was exceeded",
  },
  {
    what: "15.2 a header without a colon",
    raw: "SEND\nnocolon\n\n\0",
    error: "Unable to parser header line",
  },
  {
    what: "15.2 a length that is no number",
    raw: "SEND\ndestination:/queue/e\ncontent-length:x\n\nab\0",
    error: "Specified content-length is not a valid integer",
  },
  {
    what: "15.2 no NUL behind the body",
    raw: "SEND\ndestination:/queue/e\ncontent-length:2\n\nabc\0",
    error: "Expected null terminator after 2 content bytes",
  },
  { what: "15.5 SEND without destination", raw: "SEND\n\nab\0", error: "destination not set." },
  {
    what: "15.7 SUBSCRIBE without id, 1.1",
    raw: "SUBSCRIBE\ndestination:/queue/e\n\n\0",
    error: "The id header is missing from the SUBSCRIBE frame",
  },
  {
    what: "15.7 SUBSCRIBE without id, 1.2",
    version: "1.2",
    raw: "SUBSCRIBE\ndestination:/queue/e\n\n\0",
    error: "The id header is missing from the SUBSCRIBE frame",
  },
  {
    what: "15.7 an id that is taken",
    raw: subscribe + subscribe,
    error: "A subscription with identified with '1' allready exists",
  },
  {
    what: "15.7 an unknown ack mode",
    raw: "SUBSCRIBE\nid:1\ndestination:/queue/e\nack:perhaps\n\n\0",
    error: "Unsupported ack mode: perhaps",
  },
  {
    what: "15.8 UNSUBSCRIBE of nothing",
    raw: "UNSUBSCRIBE\nid:9\n\n\0",
    error: "The subscription '9' not found.",
  },
  {
    what: "15.8 UNSUBSCRIBE without id",
    raw: "UNSUBSCRIBE\n\n\0",
    error: "The id header is missing from the UNSUBSCRIBE frame",
  },
  {
    what: "15.8 ACK without message-id",
    raw: `${subscribe}ACK\nsubscription:1\n\n\0`,
    error: "message id header not set",
  },
  {
    what: "15.8 ACK without id, 1.2",
    version: "1.2",
    raw: `${subscribe}ACK\n\n\0`,
    error: "id header not set",
  },
  {
    what: "15.8 ACK without subscription, 1.1",
    raw: `${subscribe}ACK\nmessage-id:m\n\n\0`,
    error: "The subscription header is required",
  },
  {
    what: "15.8 ACK on an unknown subscription",
    raw: "ACK\nsubscription:9\nmessage-id:m\n\n\0",
    error: "The subscription '9' does not exist",
  },
  {
    what: "15.8 ACK of an unknown id, 1.0",
    version: "1.0",
    raw: "ACK\nmessage-id:m\n\n\0",
    error: "Not expecting an ACK/NACK for message id 'm'",
  },
  {
    what: "15.8 ACK of an unknown id, 1.2",
    version: "1.2",
    raw: `${subscribe}ACK\nid:77\n\n\0`,
    error: "Not expecting an ACK/NACK for id '77'",
  },
  {
    what: "15.8 ACK where none is expected",
    raw: `${auto}ACK\nsubscription:1\nmessage-id:m\n\n\0`,
    error: "The subscription ack mode does not expect ACK or NACK frames",
  },
  { what: "15.9 BEGIN without transaction", raw: "BEGIN\n\n\0", error: "transaction header not set" },
  {
    what: "15.9 BEGIN twice",
    raw: "BEGIN\ntransaction:t\n\n\0\nBEGIN\ntransaction:t\n\n\0",
    error: "transaction already started",
  },
  { what: "15.9 ABORT of nothing", raw: "ABORT\ntransaction:t\n\n\0", error: "transaction not active: t" },
  {
    what: "15.9 COMMIT of nothing [quirk 12]",
    raw: "COMMIT\ntransaction:t\n\n\0",
    error: "transaction not active: t",
  },
  { what: "2.4 a name with a forbidden character", raw: "SEND\ndestination:/queue/a!b\n\nab\0", error: "" },
  { what: "2.4 a name without prefix", raw: "SEND\ndestination:abc\n\nab\0", error: "" },
  {
    what: "15.4 an expiry that is no number",
    raw: "SEND\ndestination:/queue/e\nexpires:soon\n\nab\0",
    error: "",
  },
  {
    what: "ST-108 a durable subscription that does not exist, SEND",
    raw: "SEND\ndestination:/dsub/doesnotexist\nreceipt:1\n\nab\0",
    error: "The destination does not exist",
  },
  {
    what: "ST-109 a durable subscription that does not exist, SUBSCRIBE",
    raw: "SUBSCRIBE\nid:1\ndestination:/dsub/doesnotexist\nreceipt:1\n\n\0",
    error: "Durable subscription does not exist",
  },
];

describe("STOMP: every ERROR text", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });
  for (const { what, raw, error, version = "1.1" } of CASES) {
    it(what, async () => {
      const wire = await StompWire.connect(broker.now, { version });
      wire.raw(raw);
      await wire.expectError(error);
      await wire.drop();
    });
  }
});
