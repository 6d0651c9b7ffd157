import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { describe, it } from "node:test";
import { AmqpClient } from "../harness/amqp-client.ts";
import { Instance, makeInstance, useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { MOSQUITTO, needing, Program } from "../harness/programs.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { edits, intoConnector, intoHost, withoutAuthentication, type XmlEdit } from "../harness/xml.ts";

/** Once a second, so that tests need not wait. */
const EVERY_SECOND: XmlEdit = (xml) => xml.replace("<broker ", '<broker sys_interval="1" ');
const LOADS = [
  "messages/received",
  "messages/sent",
  "publish/dropped",
  "publish/received",
  "publish/sent",
  "bytes/received",
  "bytes/sent",
  "sockets",
  "connections",
].flatMap((load) => [1, 5, 15].map((minutes) => `load/${load}/${minutes}min`));

/** Every topic of section E2 that Mosquitto 2.1 publishes without being asked for more. */
const NAMES: readonly string[] = [
  ...["version", "uptime", "clients/total", "clients/connected", "clients/active", "clients/disconnected"],
  ...["clients/inactive", "clients/maximum", "clients/expired", "connections/socket/count"],
  ...["messages/received", "messages/sent", "publish/messages/received", "publish/messages/sent"],
  ...["publish/messages/dropped", "publish/bytes/received", "publish/bytes/sent", "bytes/received"],
  ...["bytes/sent", "store/messages/count", "messages/stored", "store/messages/bytes"],
  ...["retained messages/count", "subscriptions/count", "shared_subscriptions/count", "packet/out/count"],
  ...["packet/out/bytes", "heap/current", "heap/maximum", ...LOADS],
];

/** Waits until topics of the tree, by their names in it, have said what is expected; for 20 s at the most. */
async function all(wire: MqttWire, expected: Readonly<Record<string, string>>): Promise<void> {
  const awaited = new Map(Object.entries(expected));
  const said: Record<string, string> = {};
  for (let uptimes = 0; awaited.size > 0; ) {
    const { topic, body } = await wire.message();
    const name = topic.slice("$SYS/broker/".length);
    if (name === "uptime") uptimes += 1;
    if (expected[name] !== undefined) said[name] = body.toString();
    if (awaited.get(name) === said[name]) awaited.delete(name);
    if (uptimes > 20) assert.deepEqual(said, expected);
  }
}

/** Waits until a topic of the tree says something. */
async function says(broker: Instance, name: string, text: string): Promise<void> {
  const wire = await MqttWire.connect(broker);
  await wire.subscribe("$SYS/broker/#");
  await all(wire, { [name]: text });
  await wire.disconnect();
}

function mosquitto(program: "pub" | "sub", broker: Instance, ...words: (string | number)[]): Program {
  return new Program(`mosquitto_${program}`, ["-h", "localhost", "-p", broker.port("tcp"), ...words]);
}

async function publish(broker: Instance, ...words: (string | number)[]): Promise<void> {
  const program = mosquitto("pub", broker, ...words);
  assert.equal(await program.exit(), 0, program.errors);
}

describe("$SYS/broker: what it says", { concurrency: false, ...needing(MOSQUITTO) }, () => {
  const broker = useInstance({ xml: edits(withoutAuthentication, EVERY_SECOND) });

  it("packets and bytes: those of two clients, to the byte", async () => {
    const listener = await MqttWire.connect(broker.now);
    await listener.subscribe("$SYS/broker/#");
    const other = await MqttWire.connect(broker.now);
    await other.publish("sys/a", "hello", 1);
    await other.publish("sys/a", "you", 2);
    other.publishOnly("sys/a", "there");
    await other.roundTrip();
    const written = [listener, other].map(({ stream }) => (stream as Socket).bytesWritten);
    await all(listener, {
      "bytes/received": String(written[0]! + written[1]!),
      "messages/received": "8", // 2 CONNECT, SUBSCRIBE, 3 PUBLISH, PUBREL, PINGREQ
      "publish/messages/received": "3",
      "publish/bytes/received": "13",
      "connections/socket/count": "2",
      "clients/connected": "2",
      "clients/maximum": "2",
    });
    await other.disconnect();
    await listener.disconnect();
  });

  it("all topics that Mosquitto has, in its form, to mosquitto_sub", async () => {
    const sub = mosquitto(
      "sub",
      broker.now,
      "-t",
      "$SYS/#",
      "-q",
      2,
      "-C",
      NAMES.length,
      "-F",
      "%r %q %t|%p",
    );
    const texts = new Map<string, string>();
    for (let at = 0; at < NAMES.length; at += 1) {
      const [, name, text] = /^1 2 \$SYS\/broker\/([^|]*)\|(.*)$/.exec(await sub.line("a topic"))!;
      texts.set(name!, text!);
    }
    assert.equal(await sub.exit(), 0);
    assert.deepEqual([...texts.keys()].sort(), [...NAMES].sort());
    for (const [name, text] of texts) {
      const form =
        name === "version"
          ? /^tsapollo version \d+\.\d+\.\d+/
          : name === "uptime"
            ? /^\d+ seconds$/
            : name.startsWith("load/")
              ? /^\d+\.\d\d$/
              : /^\d+$/;
      assert.match(text, form, name);
    }
  });

  it("clients: connected, away, expired, and their subscriptions", async () => {
    const lasting = ["-V", "mqttv5", "-c", "-i", "sys-lasting", "-q", 1, "-t", "sys/x", "-t", "sys/y"];
    assert.equal(await mosquitto("sub", broker.now, ...lasting, "-x", 3_600, "-E").exit(), 0);
    const short = ["-V", "mqttv5", "-c", "-i", "sys-short", "-t", "$share/g/sys/z", "-x", 1, "-E"];
    assert.equal(await mosquitto("sub", broker.now, ...short).exit(), 0);
    await says(broker.now, "shared_subscriptions/count", "1");
    await says(broker.now, "clients/expired", "1");
    await says(broker.now, "shared_subscriptions/count", "0");
    for (const name of ["clients/disconnected", "clients/inactive"]) await says(broker.now, name, "1");
    for (const name of ["clients/connected", "clients/active"]) await says(broker.now, name, "1"); // who asks
    await says(broker.now, "clients/total", "2");
    await says(broker.now, "subscriptions/count", "3"); // and the one that asks
    const clean = await MqttWire.connect(broker.now, { clientId: "sys-lasting", clean: true });
    await says(broker.now, "subscriptions/count", "1");
    await clean.disconnect();
  });

  it("what is held: retained messages, and what waits for a client that is away", async () => {
    await says(broker.now, "retained messages/count", String(NAMES.length));
    await publish(broker.now, "-t", "sys/kept", "-r", "-m", "abc");
    await says(broker.now, "retained messages/count", String(NAMES.length + 1));
    const lasting = ["-c", "-i", "sys-away", "-q", 1, "-t", "sys/waits"];
    assert.equal(await mosquitto("sub", broker.now, ...lasting, "-E").exit(), 0);
    for (let at = 0; at < 4; at += 1) await publish(broker.now, "-q", 1, "-t", "sys/waits", "-m", "x");
    const held = String(NAMES.length + 1 + 4);
    for (const name of ["store/messages/count", "messages/stored"]) await says(broker.now, name, held);
    assert.equal(await mosquitto("sub", broker.now, ...lasting, "-C", 4).exit(), 0);
    await publish(broker.now, "-t", "sys/kept", "-r", "-n");
    await says(broker.now, "store/messages/count", String(NAMES.length));
  });

  it("to STOMP subscribers by the common name, with the same figures", async () => {
    const stomp = await StompWire.connect(broker.now);
    for (const [id, name] of ["uptime", "version", "retained messages.count"].entries()) {
      stomp.send("SUBSCRIBE", { id: String(id), destination: `/topic/$SYS.broker.${name}` });
    }
    const said = new Map<string, string>();
    while (said.size < 3) {
      const message = await stomp.expect("MESSAGE");
      said.set(message.header("subscription")!, message.text);
    }
    assert.match(said.get("0")!, /^\d+ seconds$/);
    assert.match(said.get("1")!, /^tsapollo version /);
    assert.equal(said.get("2"), String(NAMES.length));
    await stomp.drop();
  });
});

describe("$SYS/broker: whose it is", { concurrency: false, ...needing(MOSQUITTO) }, () => {
  const broker = useInstance({ xml: edits(withoutAuthentication, EVERY_SECOND) });
  const FORGED = "Only the broker itself may send to the topic '$SYS.broker.uptime'";

  it("MQTT 5.0: PUBLISH is answered with 'Not authorized', before that acknowledged and dropped", async () => {
    const words = ["-q", 1, "-t", "$SYS/broker/uptime", "-m", "forged", "-r"];
    const five = mosquitto("pub", broker.now, "-V", "mqttv5", ...words);
    await five.exit();
    assert.match(five.errors, /Not authorized/);
    const wire = await MqttWire.connect(broker.now);
    await wire.publish("$SYS/broker/uptime", "forged", 2, true);
    await wire.subscribe("$SYS/broker/uptime");
    assert.match((await wire.message()).body.toString(), /^\d+ seconds$/);
    await wire.disconnect();
  });

  it("MQTT: state topics of bridges are the broker's too; a will is dropped", async () => {
    const watcher = await MqttWire.connect(broker.now);
    await watcher.subscribe("$SYS/broker/connection/#");
    await watcher.subscribe("sys/end");
    const will = { topic: "$SYS/broker/connection/me/state", body: "0", retain: true };
    const mortal = await MqttWire.connect(broker.now, { will });
    await mortal.publish("$SYS/broker/connection/me/state", "1", 1, true);
    await mortal.drop();
    await (await MqttWire.connect(broker.now)).publish("sys/end", "end", 1);
    await watcher.expectMessage("sys/end", "end");
    await watcher.disconnect();
  });

  it("STOMP: SEND is answered with ERROR", async () => {
    const stomp = await StompWire.connect(broker.now);
    stomp.send("SEND", { destination: "/topic/$SYS.broker.uptime", retain: "set" }, "forged");
    await stomp.expectError(FORGED);
  });

  it("AMQP: the message is rejected, or the link refused", async () => {
    const client = await AmqpClient.connect(broker.now);
    const sent = client.send("topic://$SYS.broker.uptime", "forged");
    await sent.then(
      (outcome) => assert.notEqual(outcome, "accepted"),
      (error: Error) => assert.match(String(error.message), /Only the broker itself may send to the topic/),
    );
    await client.close();
  });

  it("wildcards at the first level do not show it, whatever the protocol", async () => {
    const mqtt = await MqttWire.connect(broker.now);
    for (const filter of ["#", "+/#", "+/broker/uptime"]) await mqtt.subscribe(filter);
    const stomp = await StompWire.connect(broker.now);
    for (const [id, name] of ["**", "*.**", "*.broker.uptime"].entries()) {
      await stomp.subscribe(String(id), `/topic/${name}`);
    }
    const amqp = await AmqpClient.connect(broker.now);
    const inbox = await amqp.receiver("topic://**");
    await updates(broker.now);
    stomp.asyncSend("/topic/seen", "seen");
    await mqtt.expectMessage("seen", "seen");
    await inbox.expect("seen");
    assert.equal((await stomp.expect("MESSAGE")).header("destination"), "/topic/seen");
    await amqp.close();
    await stomp.drop();
    await mqtt.disconnect();
  });
});

/** Waits until everything that changed was published twice. */
async function updates(broker: Instance): Promise<void> {
  const wire = await MqttWire.connect(broker);
  await wire.subscribe("$SYS/broker/uptime");
  for (let seen = 0; seen < 3; seen += 1) await wire.message();
  await wire.disconnect();
}

describe("$SYS/broker: access rules, limits and the switch", { concurrency: true }, () => {
  it("a rule keeps it to those it names, as on any topic [13.1]", async () => {
    const rule = '<access_rule deny="users" action="receive" kind="topic" id="$SYS.**"/>';
    const xml = (text: string): string =>
      EVERY_SECOND(text).replace(/(<access_rule allow="users")/, `${rule}\n    $1`);
    const files = {
      "etc/users.properties": "admin=password\nuser=secret\n",
      "etc/groups.properties": "admins=admin\nusers=user\n",
    };
    const broker = await Instance.start(makeInstance({ xml, files }));
    const user = await MqttWire.connect(broker, { user: "user", password: "secret" });
    assert.deepEqual(await user.subscribe("$SYS/broker/uptime"), [0x80]);
    await user.subscribe("$SYS/#");
    await user.subscribe("mine");
    const admin = await MqttWire.connect(broker, { user: "admin", password: "password" });
    await admin.subscribe("$SYS/broker/uptime");
    for (let seen = 0; seen < 2; seen += 1) await admin.message();
    await user.publish("mine", "only this", 0);
    assert.equal((await user.message()).topic, "mine");
    await user.disconnect();
    await admin.disconnect();
    assert.equal(await broker.stop(), 0);
  });

  it("sys_interval 0 turns it off, and nothing is left of an earlier process", async () => {
    const base = makeInstance({ xml: edits(withoutAuthentication, EVERY_SECOND) });
    const first = await Instance.start(base);
    await says(first, "clients/connected", "1");
    await first.kill();
    const file = first.path("etc", "apollo.xml");
    writeFileSync(file, readFileSync(file, "utf8").replace('sys_interval="1"', 'sys_interval="0"'));
    const broker = await Instance.start(base);
    const wire = await MqttWire.connect(broker);
    await wire.subscribe("$SYS/#");
    await wire.subscribe("seen");
    await wire.publish("seen", "seen");
    assert.equal((await wire.message()).topic, "seen");
    await wire.disconnect();
    assert.equal(await broker.stop(), 0);
  });

  it("publish/messages/dropped: what a full queue with a drop policy drops", async () => {
    const queue = '<queue id="sys.full" quota_messages="1" full_policy="drop head"/>';
    const prefix = intoConnector("tcp", '<mqtt queue_prefix="q/"/>');
    const xml = edits(withoutAuthentication, EVERY_SECOND, intoHost(queue), prefix);
    const broker = await Instance.start(makeInstance({ xml }));
    const wire = await MqttWire.connect(broker);
    for (let at = 0; at < 10; at += 1) await wire.publish("q/sys/full", "x", 1);
    await wire.subscribe("$SYS/broker/publish/messages/dropped");
    for (let dropped = 0; dropped < 8; ) dropped = Number((await wire.message()).body.toString());
    await wire.disconnect();
    assert.equal(await broker.stop(), 0);
  });
});
