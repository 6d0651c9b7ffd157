import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AmqpClient } from "../harness/amqp-client.ts";
import { AmqpWire, HEADER } from "../harness/amqp-wire.ts";
import { useInstance } from "../harness/instance.ts";
import { ScramClient } from "../harness/scram-client.ts";
import { WAYS } from "../harness/streams.ts";
import { intoConnector } from "../harness/xml.ts";

const ADMIN = { user: "admin", password: "password" };

describe("AMQP connections [AMQP 2, 5.3]", { concurrency: true }, () => {
  const broker = useInstance({
    xml: intoConnector("tcp", '<amqp idle_timeout="600" max_frame_size="4k" die_delay="200"/>'),
  });

  const scram = useInstance({
    xml: intoConnector("tcp", `<amqp scram_users_file="${"$"}{apollo.base}/etc/users.properties"/>`),
  });

  for (const way of WAYS) {
    it(`PLAIN over ${way}`, async () => {
      const client = await AmqpClient.connect(broker.now, { ...ADMIN, way });
      assert.equal(await client.send(`queue://conn.${way}`, "there"), "accepted");
      await (await client.receiver(`queue://conn.${way}`)).expect("there");
      await client.close();
    });
  }

  it("5.3.3.6 bad credentials and refused mechanisms are told by the SASL outcome", async () => {
    for (const response of ["\0admin\0wrong", "\0nobody\0password", "admin", "other\0admin\0password"]) {
      const wire = await AmqpWire.connect(broker.now);
      wire.write(HEADER.sasl);
      await wire.header(3);
      assert.deepEqual(await wire.mechanisms(), ["PLAIN", "ANONYMOUS"]);
      wire.saslInit("PLAIN", response);
      assert.equal(await wire.outcome(), 1, JSON.stringify(response));
      await wire.closed();
    }
    for (const mechanism of ["EXTERNAL", "GSSAPI", "ANONYMOUS"]) {
      const wire = await AmqpWire.connect(broker.now);
      wire.write(HEADER.sasl);
      await wire.header(3);
      await wire.mechanisms();
      wire.saslInit(mechanism, "");
      assert.equal(await wire.outcome(), 1, mechanism);
      await wire.closed();
    }
  });

  it("5.3.3.3 SCRAM-SHA-256", async () => {
    for (const [password, code] of [
      ["password", 0],
      ["wrong", 1],
    ] as const) {
      const wire = await AmqpWire.connect(scram.now);
      wire.write(HEADER.sasl);
      await wire.header(3);
      assert.deepEqual(await wire.mechanisms(), ["SCRAM-SHA-256", "PLAIN", "ANONYMOUS"]);
      const proof = new ScramClient("admin", password);
      wire.saslInit("SCRAM-SHA-256", proof.first);
      wire.saslResponse(proof.final(await wire.challenge()));
      assert.equal(await wire.outcome(), code, password);
      wire.drop();
    }
  });

  it("PLAIN with an authorization id that is the user", async () => {
    const wire = await AmqpWire.connect(broker.now);
    wire.write(HEADER.sasl);
    await wire.header(3);
    await wire.mechanisms();
    wire.saslInit("PLAIN", "admin\0admin\0password");
    assert.equal(await wire.outcome(), 0);
    wire.drop();
  });

  it("2.2 another version is answered by the right one, and the end", async () => {
    for (const bytes of ["414d515000000901", "414d515001010000", "414d515002010000", "414d515000020000"]) {
      const wire = await AmqpWire.connect(broker.now);
      wire.write(Buffer.from(bytes, "hex"));
      await wire.header(3);
      await wire.closed();
    }
  });

  it("13 the host name selects the virtual host; an unknown one is told by Close", async () => {
    const refused = AmqpClient.connect(broker.now, { ...ADMIN, hostname: "elsewhere" });
    await assert.rejects(
      refused.then((client) => client.errors.take("Close").then((error) => Promise.reject(error))),
      { condition: "amqp:not-found" },
    );
  });

  it("2.4.5 idle time-out: the broker keeps the client's, and ends who does not keep its own", async () => {
    const kept = await AmqpClient.connect(broker.now, { ...ADMIN, options: { idle_time_out: 300 } });
    const wire = await AmqpWire.login(broker.now, "admin", "password");
    const open = await wire.open();
    assert.equal(open["idle_time_out"], 300); // half of what is tolerated
    assert.equal(open["max_frame_size"], 4_096);
    assert.equal(await wire.closeCondition(), "amqp:resource-limit-exceeded");
    assert.equal(await kept.send("queue://conn.kept", "alive"), "accepted");
    await kept.close();
  });

  it("a frame that is too large, or none at all, costs the connection, with its condition", async () => {
    for (const [hex, condition] of [
      ["7fffffff02000000", "amqp:connection:framing-error"],
      ["0000000702000000", "amqp:connection:framing-error"],
      ["0000000801000000", "amqp:connection:framing-error"],
      ["0000000802050000", "amqp:connection:framing-error"],
      ["0000000c0200000000531145", "amqp:decode-error"],
      ["0000000c02000000005311ff", "amqp:decode-error"],
      ["0000000c0200000000ff1145", "amqp:decode-error"],
      ["0000000c0200000000531445", "amqp:decode-error"],
      ["0000000c0200000100531445", "amqp:connection:framing-error"],
      ["0000000c0200000000536645", "amqp:decode-error"],
    ] as const) {
      const wire = await AmqpWire.login(broker.now, "admin", "password");
      await wire.open();
      wire.write(Buffer.from(hex, "hex"));
      assert.equal(await wire.closeCondition(), condition, hex);
      wire.drop();
    }
  });

  it("large messages go in frames of any size, both ways", async () => {
    const client = await AmqpClient.connect(broker.now, { ...ADMIN, options: { max_frame_size: 512 } });
    const body = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => (at * 7) & 255));
    const inbox = await client.receiver("queue://conn.large");
    assert.equal(await client.send("queue://conn.large", { body }), "accepted");
    const { message, delivery } = await inbox.next();
    assert.ok(body.equals(message.body));
    delivery.accept();
    await client.close();
  });
});
