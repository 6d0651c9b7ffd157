import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type Instance, useInstance } from "../harness/instance.ts";
import { MOSQUITTO, needing, Program } from "../harness/programs.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { brokerCertificate } from "../harness/streams.ts";

const ACCOUNT = ["-u", "admin", "-P", "password"];
const FORMAT = ["-F", "MESSAGE %t %q %r %p"];

function address(broker: Instance, scheme: "tcp" | "tls" = "tcp"): string[] {
  return ["-h", "localhost", "-p", String(broker.port(scheme)), ...ACCOUNT];
}

/** Starts mosquitto_sub and waits until the broker has granted the filters. */
async function subscriber(broker: Instance, ...words: (string | number)[]): Promise<Program> {
  return listening([...address(broker), ...words]);
}

/** Its `-d` tells when it has subscribed, and needs lines that leave at once. */
async function listening(words: readonly (string | number)[], wait = true): Promise<Program> {
  const program = new Program("stdbuf", ["-oL", "mosquitto_sub", "-d", ...FORMAT, ...words]);
  if (wait) await program.lineWith("Subscribed");
  return program;
}

async function publish(broker: Instance, ...words: (string | number)[]): Promise<void> {
  const program = new Program("mosquitto_pub", [...address(broker), ...words]);
  assert.equal(await program.exit(), 0, program.errors);
}

describe("mosquitto_pub and mosquitto_sub", { concurrency: 2, ...needing(MOSQUITTO) }, () => {
  const broker = useInstance();

  for (const version of ["mqttv31", "mqttv311", "mqttv5"]) {
    for (const qos of [0, 1, 2]) {
      it(`${version}, QoS ${qos}: there and back`, async () => {
        const topic = `mosquitto/${version}/${qos}`;
        const sub = await subscriber(broker.now, "-V", version, "-q", qos, "-t", topic, "-C", 2);
        await publish(broker.now, "-V", version, "-q", qos, "-t", topic, "-m", "hello");
        assert.equal(await sub.lineWith("MESSAGE"), `MESSAGE ${topic} ${qos} 0 hello`);
        const stomp = await StompWire.connect(broker.now, { login: "admin", passcode: "password" });
        await stomp.syncSend(`/topic/${topic.replaceAll("/", ".")}`, "from STOMP");
        assert.equal(await sub.lineWith("MESSAGE"), `MESSAGE ${topic} 0 0 from STOMP`);
        assert.equal(await sub.exit(), 0);
        await stomp.drop();
      });
    }
  }

  it("mqttv5 -D: properties there, and what is made of them", async () => {
    const topic = "mosquitto/five/properties";
    const sub = await subscriber(
      broker.now,
      "-V",
      "mqttv5",
      "-t",
      topic,
      "-C",
      1,
      "-F",
      "MESSAGE %t %C %D %P %p",
    );
    const properties = [
      ["content-type", "text/plain"],
      ["correlation-data", "c1"],
      ["user-property", "k", "v"],
      ["user-property", "k", "w"],
    ].flatMap((words) => ["-D", "publish", ...words]);
    await publish(broker.now, "-V", "mqttv5", "-q", 1, "-t", topic, "-m", "hello", ...properties);
    assert.equal(await sub.lineWith("MESSAGE"), `MESSAGE ${topic} text/plain c1 k:v k:w hello`);
    assert.equal(await sub.exit(), 0);
  });

  it("mqttv5: shared subscriptions with $share and $queue give each message to one", async () => {
    for (const prefix of ["$share/group/", "$queue/"]) {
      const topic = `mosquitto/shared/${prefix.slice(1, 6)}`;
      const words = ["-V", "mqttv5", "-q", 1, "-t", `${prefix}${topic}`, "-C", 3, "-W", 20];
      const subs = [await subscriber(broker.now, ...words), await subscriber(broker.now, ...words)];
      for (let at = 0; at < 6; at += 1) await publish(broker.now, "-q", 1, "-t", topic, "-m", String(at));
      const found: string[] = [];
      for (const sub of subs) {
        for (let at = 0; at < 3; at += 1) found.push((await sub.lineWith("MESSAGE")).at(-1)!);
        assert.equal(await sub.exit(), 0);
      }
      assert.deepEqual(found.sort(), ["0", "1", "2", "3", "4", "5"]);
    }
  });

  it("mosquitto_rr: a request, and the response to its response topic", async () => {
    const stomp = await StompWire.connect(broker.now, { login: "admin", passcode: "password" });
    await stomp.subscribe("0", "/topic/mosquitto.request");
    const words = [
      "-V",
      "mqttv5",
      "-t",
      "mosquitto/request",
      "-e",
      "mosquitto/response",
      "-m",
      "ask",
      "-W",
      10,
    ];
    const rr = new Program("mosquitto_rr", [...address(broker.now), ...words]);
    const asked = await stomp.expect("MESSAGE");
    assert.equal(asked.body.toString(), "ask");
    const correlation = asked.header("correlation-id");
    const headers = correlation === undefined ? {} : { "correlation-id": correlation };
    await stomp.syncSend(asked.header("reply-to")!, "answer", headers);
    assert.equal(await rr.line("the answer"), "answer");
    assert.equal(await rr.exit(), 0, rr.errors);
    await stomp.drop();
  });

  it("-r: retained, and taken back with -n", async () => {
    const topic = "mosquitto/retained";
    await publish(broker.now, "-t", topic, "-r", "-q", 1, "-m", "kept");
    const sub = await subscriber(broker.now, "-t", "mosquitto/+", "-C", 1);
    assert.equal(await sub.lineWith("MESSAGE"), `MESSAGE ${topic} 0 1 kept`);
    await publish(broker.now, "-t", topic, "-r", "-n");
    const later = await subscriber(broker.now, "-t", topic, "-C", 1);
    await publish(broker.now, "-t", topic, "-m", "live");
    assert.equal(await later.lineWith("MESSAGE"), `MESSAGE ${topic} 0 0 live`);
  });

  it("--will-topic: when the client is killed", async () => {
    const watcher = await subscriber(broker.now, "-t", "mosquitto/will", "-q", 2, "-C", 1);
    const will = ["--will-topic", "mosquitto/will", "--will-payload", "gone", "--will-qos", 2];
    const mortal = await subscriber(broker.now, "-t", "mosquitto/none", ...will);
    await mortal.stop("SIGKILL");
    assert.equal(await watcher.lineWith("MESSAGE"), "MESSAGE mosquitto/will 2 0 gone");
  });

  for (const qos of [1, 2]) {
    it(`-c: a session keeps what comes at QoS ${qos} while its client is away`, async () => {
      const session = ["-c", "-i", `sleeper-${qos}`, "-q", qos, "-t", `mosquitto/sleep/${qos}`];
      const first = await subscriber(broker.now, ...session);
      await first.stop();
      for (const body of ["1", "2", "3"])
        await publish(broker.now, "-q", qos, "-t", `mosquitto/sleep/${qos}`, "-m", body);
      const again = await listening([...address(broker.now), ...session, "-C", 3], false);
      for (const body of ["1", "2", "3"]) {
        assert.equal(await again.lineWith("MESSAGE"), `MESSAGE mosquitto/sleep/${qos} ${qos} 0 ${body}`);
      }
      assert.equal(await again.exit(), 0);
    });
  }

  it("--cafile: TLS with the certificate that create made, on both ports", async () => {
    const file = broker.now.path("ca.pem");
    writeFileSync(file, await brokerCertificate(broker.now));
    for (const scheme of ["tls", "tcp"] as const) {
      const secure = [...address(broker.now, scheme), "--cafile", file];
      const sub = await listening([...secure, "-t", `mosquitto/tls/${scheme}`, "-C", 1]);
      const pub = new Program("mosquitto_pub", [
        ...secure,
        "-q",
        1,
        "-t",
        `mosquitto/tls/${scheme}`,
        "-m",
        "secret",
      ]);
      assert.equal(await pub.exit(), 0, pub.errors);
      assert.equal(await sub.lineWith("MESSAGE"), `MESSAGE mosquitto/tls/${scheme} 0 0 secret`);
      assert.equal(await sub.exit(), 0);
    }
  });

  it("-s: a body from standard input, byte by byte", async () => {
    const body = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7) & 255));
    const stomp = await StompWire.connect(broker.now, { login: "admin", passcode: "password" });
    await stomp.subscribe("0", "/topic/mosquitto.stdin");
    const pub = new Program("mosquitto_pub", [
      ...address(broker.now),
      "-q",
      2,
      "-t",
      "mosquitto/stdin",
      "-s",
    ]);
    pub.write(body);
    assert.ok((await stomp.expect("MESSAGE")).body.equals(body));
    assert.equal(await pub.exit(), 0);
    await stomp.drop();
  });

  it("a wrong password is told as such", async () => {
    const words = [
      "-h",
      "localhost",
      "-p",
      broker.now.port("tcp"),
      "-u",
      "admin",
      "-P",
      "wrong",
      "-t",
      "x",
      "-m",
      "x",
    ];
    const pub = new Program("mosquitto_pub", words);
    assert.notEqual(await pub.exit(), 0);
    assert.match(pub.errors, /bad user name or password/i);
  });
});
