import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerError, SILENT_LOGGER } from "@tsapollo/domain";
import { FakeClock, settled, TestReception } from "@tsapollo/testkit";
import { DEFAULT_STOMP_OPTIONS, StompDatagrams } from "../src/index.ts";

class Datagrams {
  readonly clock: FakeClock = new FakeClock();
  readonly reception: TestReception = new TestReception();
  readonly receiver: StompDatagrams;

  constructor(backlogBytesMax = 10_000) {
    const { clock, reception } = this;
    const services = { clock, reception, logger: SILENT_LOGGER };
    const options = DEFAULT_STOMP_OPTIONS;
    this.receiver = new StompDatagrams({ options, services, connectorId: "udp", backlogBytesMax });
  }

  send(body: string, lines: readonly string[] = [], from = "10.0.0.1:4711"): void {
    const head = ["SEND", "destination:/queue/a", ...lines].join("\n");
    this.receiver.receive(Buffer.from(`${head}\n\n${body}\0`), from);
  }

  get bodies(): string[] {
    return this.reception.host.published.map(({ message }) => Buffer.from(message.body()).toString());
  }
}

test("18: who sends is let in once for each address and credentials; what comes meanwhile waits in order", async () => {
  const udp = new Datagrams();
  udp.send("1", ["login:u", "passcode:p"]);
  udp.send("2", ["login:u", "passcode:p"], "10.0.0.1:9");
  assert.deepEqual(udp.bodies, []);
  await settled();
  udp.send("3", ["login:u", "passcode:p"]);
  assert.deepEqual(udp.bodies, ["1", "2", "3"]);
  const [login] = udp.reception.logins;
  assert.deepEqual([login!.user, login!.password], ["u", "p"]);
  assert.equal(login!.connection.connectorId, "udp");
  assert.equal(udp.reception.logins.length, 1);
  udp.send("4", ["login:u", "passcode:other"]);
  udp.send("5", ["login:u", "passcode:p"], "10.0.0.2:1");
  assert.equal(udp.reception.logins.length, 3);
  const { message } = udp.reception.host.published[0]!;
  assert.doesNotMatch(Buffer.from(message.bytes).toString("latin1"), /login|passcode/);
});

test("18: an unknown host is the default host [13]", async () => {
  const udp = new Datagrams();
  udp.send("1", ["host:invalid"]);
  await settled();
  assert.deepEqual(
    udp.reception.logins.map(({ hostName }) => hostName),
    ["invalid", undefined],
  );
  assert.deepEqual(udp.bodies, ["1"]);
});

test("18: a refused sender is not heard, nor asked again for a while", async () => {
  const udp = new Datagrams();
  udp.reception.refusal = new BrokerError("AUTHENTICATION_FAILED", "no");
  udp.send("1");
  await settled();
  udp.reception.refusal = undefined;
  udp.send("2");
  assert.equal(udp.reception.logins.length, 1);
  udp.clock.advance(5_000);
  udp.send("3");
  await settled();
  assert.deepEqual(udp.bodies, ["3"]);
});

test("18: a full destination makes datagrams wait; beyond the backlog the oldest go", async () => {
  const udp = new Datagrams(100);
  const { host } = udp.reception;
  udp.send("1");
  await settled();
  host.accepting = false;
  for (const body of ["2", "3", "4", "5", "6"]) udp.send(body);
  assert.deepEqual(udp.bodies, ["1", "2"]);
  host.accepting = true;
  host.producer.resumed();
  assert.deepEqual(udp.bodies.at(-1), "6");
  assert.ok(!udp.bodies.includes("3"), udp.bodies.join());
});

test("18: what waits of all senders together is bounded, and free again when they go", async () => {
  const udp = new Datagrams(1_000);
  const body = "x".repeat(800);
  for (let at = 0; at < 100; at += 1) udp.send(body, [`login:${at}`]);
  await settled();
  assert.ok(udp.bodies.length <= 20 && udp.bodies.length >= 15, `${udp.bodies.length}`);
  udp.send("later", ["login:99"]);
  assert.equal(udp.bodies.at(-1), "later");
});

test("18: no more senders are remembered than a thousand", async () => {
  const udp = new Datagrams();
  for (let at = 0; at <= 1_000; at += 1) udp.send("x", [`login:${at}`]);
  await settled();
  udp.send("again", ["login:0"]);
  assert.equal(udp.reception.logins.length, 1_002, "the first had been forgotten");
  udp.receiver.close();
});

test("18: a refusal of what it sends, or garbage, costs the sender nothing but that", async () => {
  const udp = new Datagrams();
  udp.reception.host.refusals.set("queue:a", new BrokerError("ACCESS_DENIED", "no"));
  udp.send("1");
  udp.receiver.receive(Buffer.from("no frame"), "10.0.0.1:1");
  await settled();
  udp.reception.host.refusals.clear();
  udp.send("2");
  assert.deepEqual(udp.bodies, ["2"]);
});
