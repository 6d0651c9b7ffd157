import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { withoutAuthentication } from "../harness/xml.ts";

describe("MQTT: topics", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });

  /** Publishes in order and checks which ones come, in order, and that no others do. */
  async function delivers(
    filters: readonly string[],
    published: readonly (readonly [topic: string, body: string])[],
    expected: readonly string[],
  ): Promise<void> {
    const wire = await MqttWire.connect(broker.now);
    for (const filter of filters) await wire.subscribe(filter);
    const other = await MqttWire.connect(broker.now);
    for (const [topic, body] of published) await other.publish(topic, body, 2);
    const found: string[] = [];
    for (const wanted of expected) {
      const { topic, body } = await wire.message();
      found.push(body.toString());
      assert.deepEqual(
        [topic, body.toString()],
        published.find(([, text]) => text === wanted),
      );
    }
    assert.deepEqual(await wire.roundTrip(), []);
    assert.deepEqual(found, expected);
    await wire.disconnect();
    await other.disconnect();
  }

  it("MQ-008 a plain filter", () => delivers(["foo"], [["foo", "1"]], ["1"]));

  it("MQ-009 multi-level wildcard", () =>
    delivers(
      ["mwild/#"],
      [
        ["mwild", "1"],
        ["mwild.", "2"],
        ["mwild/hello", "3"],
        ["mwild/hello/world", "4"],
      ],
      ["1", "3", "4"],
    ));

  it("MQ-010 single-level wildcard", () =>
    delivers(
      ["swild/+"],
      [
        ["swild", "1"],
        ["swild/hello", "2"],
        ["swild/hello/world", "3"],
        ["swild/so.cool", "4"],
      ],
      ["2", "4"],
    ));

  it("2.5 quirk 2: /a, a/ and a//b are names of their own", async () => {
    const names: [string, string][] = [
      ["/edge", "1"],
      ["edge/", "2"],
      ["edge", "3"],
      ["edge//b", "4"],
      ["edge/b", "5"],
    ];
    await delivers(["/edge"], names, ["1"]);
    await delivers(["edge/"], names, ["2"]);
    await delivers(["edge"], names, ["3"]);
    await delivers(["edge//b"], names, ["4"]);
    await delivers(["edge/+"], names, ["2", "5"]);
    await delivers(["+/edge"], names, ["1"]);
    await delivers(
      ["edge/#"],
      names,
      ["2", "3", "4", "5"].sort((a, b) => Number(a) - Number(b)),
    );
  });

  it("2.2 names that other protocols would have to escape", () =>
    delivers(
      ["odd/+"],
      [
        ["odd/é", "1"],
        ["odd/a b", "2"],
        ["odd/%41", "3"],
        ["odd/*", "4"],
        ["odd/{x}", "5"],
        ["odd/\u{1F600}", "6"],
      ],
      ["1", "2", "3", "4", "5", "6"],
    ));

  it("4.7.2 # and + do not see $ names, their own filter does; MQTT clients cannot publish to $SYS", async () => {
    const all = await MqttWire.connect(broker.now);
    await all.subscribe("+/test/a");
    await all.subscribe("#");
    const own = await MqttWire.connect(broker.now);
    await own.subscribe("$SYS/test/#");
    await own.subscribe("$other/#");
    const stomp = await StompWire.connect(broker.now);
    own.publishOnly("$SYS/test/a", "mine");
    await stomp.syncSend("/topic/%24other.test.a", "theirs");
    await own.expectMessage("$other/test/a", "theirs");
    await stomp.syncSend("/topic/seen", "seen");
    for (;;) {
      const { topic } = await all.message();
      assert.ok(!topic.startsWith("$"), topic);
      if (topic === "seen") break;
    }
    await stomp.drop();
    await own.disconnect();
    await all.disconnect();
  });

  it("MQ-003 overlapping subscriptions", async () => {
    const wire = await MqttWire.connect(broker.now);
    const other = await MqttWire.connect(broker.now);
    const expect = async (topic: string, body: string): Promise<void> => {
      await other.publish(topic, body, 2);
      await wire.expectMessage(topic, body);
      assert.deepEqual(await wire.roundTrip(), []);
    };
    for (const filter of ["overlap/#", "overlap/a/b", "overlap/a/+"]) await wire.subscribe(filter);
    await expect("overlap/a/b", "1");
    await expect("overlap/a", "2");
    await expect("overlap/a/b", "3");
    await wire.unsubscribe("overlap/#");
    await expect("overlap/a/b", "4");
    await wire.unsubscribe("overlap/a/b");
    await expect("overlap/a/b", "5");
    await wire.unsubscribe("overlap/a/+");
    await other.publish("overlap/foo", "6", 2);
    await other.publish("overlap/a/b", "7", 2);
    assert.deepEqual(await wire.roundTrip(), []);
    await wire.subscribe("overlap/+");
    await expect("overlap/foo", "8");
    await wire.disconnect();
    await other.disconnect();
  });

  const retained = [
    {
      id: "MQ-011 retained",
      topic: "retained",
      first: [
        ["1", false],
        ["2", true],
        ["3", false],
      ],
      expected: "2",
      retain: true,
    },
    {
      id: "MQ-012 not retained",
      topic: "notretained",
      first: [["1", false]],
      expected: "next",
      retain: false,
    },
    {
      id: "MQ-013 clearing a retained message",
      topic: "clearretained",
      first: [
        ["1", true],
        ["", true],
      ],
      expected: "next",
      retain: false,
    },
  ] as const;
  for (const { id, topic, first, expected, retain } of retained) {
    it(id, async () => {
      const wire = await MqttWire.connect(broker.now);
      for (const [body, flag] of first) await wire.publish(topic, body, 1, flag);
      await wire.subscribe(topic, 0);
      wire.publishOnly(topic, "next");
      const message = await wire.expectMessage(topic, expected);
      assert.equal(message.retain, retain);
      await wire.disconnect();
    });
  }

  it("9 a retained message keeps its own name under a wildcard, and comes again on another SUBSCRIBE [quirk 14]", async () => {
    const wire = await MqttWire.connect(broker.now);
    await wire.publish("keep/a", "kept", 1, true);
    for (let round = 0; round < 2; round++) {
      await wire.subscribe("keep/+", 1);
      const message = await wire.expectMessage("keep/a", "kept");
      assert.equal(message.retain, true);
    }
    wire.publishOnly("keep/a", "live", 0, true);
    assert.equal((await wire.expectMessage("keep/a", "live")).retain, false);
    await wire.disconnect();
  });

  for (const filter of ["a/#/b", "a#", "a+/b", ""]) {
    it(`4.7.1 a filter that is none ends the connection: '${filter}'`, async () => {
      const wire = await MqttWire.connect(broker.now);
      await assert.rejects(wire.subscribe(filter));
      await wire.ended();
    });
  }

  for (const topic of ["a/+", "#", ""]) {
    it(`3.3.2 publishing to '${topic}' ends the connection [quirk 4]`, async () => {
      const wire = await MqttWire.connect(broker.now);
      wire.publishOnly(topic, "x");
      await wire.ended();
    });
  }
});
