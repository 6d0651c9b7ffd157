import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { type Headers, StompWire } from "../harness/stomp-wire.ts";
import { expectBodies, expectNothing, F2 } from "./fixture.ts";

const AGES = [{ age: 3 }, { not: "set" }, { age: 21 }, { age: 30 }];
const HYPHENS = [{ hyphen: 9 }, { not: "set" }, { hyphen: 10 }];
const COLORS = [{ color: "blue" }, { not: "set" }, { color: "red" }];
const NAMES = [{ name: "James" }, { name: "'quoted'" }, { name: "Jo_hn" }, { not: "set" }];

/** What is sent with which headers, and which of it, from 1, passes the selector. */
const CASES: readonly (readonly [
  id: string,
  selector: string,
  sent: readonly Headers[],
  passed: number[],
])[] = [
  ["ST-025", "color = 'red'", COLORS, [3]],
  ["ST-025", "age >= 21", AGES, [3, 4]],
  ["ST-025", "hyphen - 5 = 5", HYPHENS, [3]],
  ["ST-025", "hyphen -5 = 5", HYPHENS, [3]],
  ["ST-025", "hyphen-5 = 5", [HYPHENS[0]!, { "hyphen-5": 5 }, HYPHENS[1]!, HYPHENS[2]!], [2]],
  ["JR-013", "", COLORS, [1, 2, 3]],
  ["JR-014", "$a_1 = 'x' AND _b = 'y'", [{ $a_1: "x" }, { _b: "y" }, { $a_1: "x", _b: "y" }], [3]],
  ["JR-015", "name = '''quoted'''", NAMES, [2]],
  ["JR-015", "name <> 'James'", NAMES, [2, 3]],
  ["JR-015", "name LIKE 'J%s'", NAMES, [1]],
  ["JR-015", "name LIKE 'Jo!_hn' ESCAPE '!'", NAMES, [3]],
  ["JR-015", "name IN ('James', 'Bob')", NAMES, [1]],
  ["JR-015", "name NOT IN ('James', 'Bob')", NAMES, [2, 3]],
  ["JR-015", "name IS NULL", NAMES, [4]],
  ["JR-015", "name IS NOT NULL", NAMES, [1, 2, 3]],
  ["JR-015", "age BETWEEN 4 AND 21", AGES, [3]],
  ["JR-015", "age NOT BETWEEN 4 AND 21", AGES, [1, 4]],
  ["JR-015", "JMSDeliveryMode = 'PERSISTENT'", [{ persistent: "true" }, {}], [1]],
  ["JR-015", "JMSDeliveryMode = 'NON_PERSISTENT'", [{ persistent: "true" }, {}], [2]],
  ["SE-007", "age < 4 OR color = 'red'", [...AGES, ...COLORS], [1, 7]],
  ["SE-010", "age * 2 = 42", AGES, [3]],
];

describe("selectors", { concurrency: true }, () => {
  const broker = useInstance({ xml: F2 });
  const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

  for (const [at, [id, selector, sent, passed]] of CASES.entries()) {
    for (const kind of ["topic", "queue"]) {
      it(`${id} ${selector === "" ? "an empty one" : selector}, ${kind}`, async () => {
        const wire = await connect();
        const destination = `/${kind}/selected.${at}`;
        await wire.subscribe("0", destination, "auto", { selector });
        for (const [index, headers] of sent.entries()) wire.asyncSend(destination, `${index + 1}`, headers);
        await expectBodies(wire, ...passed.map(String));
        await expectNothing(wire);
        await wire.sync("UNSUBSCRIBE", { id: "0" });
        await wire.drop();
      });
    }
  }

  it("ST-026 OW-017 on a queue; the rest stays for others, in order", async () => {
    const wire = await connect();
    const destination = "/queue/red.blue.red";
    for (const [index, color] of ["red", "blue", "red", "blue"].entries())
      await wire.syncSend(destination, `${index + 1}`, { color });
    wire.send("SUBSCRIBE", { id: "0", destination, selector: "color='red'" });
    await expectBodies(wire, "1", "3");
    await expectNothing(wire);
    wire.send("SUBSCRIBE", { id: "1", destination });
    await expectBodies(wire, "2", "4");
    await wire.drop();
  });

  it("ST-027 on a topic", async () => {
    const wire = await connect();
    await wire.subscribe("0", "/topic/red.blue.red", "auto", { selector: "color='red'" });
    for (const [index, color] of ["red", "blue", "red"].entries())
      wire.asyncSend("/topic/red.blue.red", `${index + 1}`, { color });
    await expectBodies(wire, "1", "3");
    await wire.drop();
  });

  it("5.6 two selectors share a queue; what comes back is for whoever wants it", async () => {
    const [red, blue] = [await connect(), await connect()];
    const destination = "/queue/two.selectors";
    await red.subscribe("red", destination, "client", { selector: "color='red'" });
    await blue.subscribe("blue", destination, "client", { selector: "color='blue' OR urgent='yes'" });
    red.asyncSend(destination, "1", { color: "blue" });
    await red.syncSend(destination, "2", { color: "green", urgent: "yes" });
    await expectBodies(blue, "1", "2");
    red.asyncSend(destination, "3", { color: "red", urgent: "yes" });
    await red.message("3");
    await red.drop();
    await blue.message("3");
    await expectNothing(blue);
    await blue.drop();
  });

  const WORDS = ["NULL", "TRUE", "FALSE", "NOT", "AND", "OR", "BETWEEN", "LIKE", "IN", "IS", "ESCAPE"];
  for (const selector of [
    ...WORDS.map((word) => `${word} = 'x'`),
    "1a = 'x'",
    "#a = 'x'",
    "3+5",
    "True AND 3+5",
    "=TEST 'test'",
    "a = 'x' b",
  ]) {
    it(`JR-014 SE-020 JR-012 quirk 13: ${selector} is none`, async () => {
      const wire = await connect();
      wire.send("SUBSCRIBE", { id: "0", destination: "/topic/no.selector", selector });
      await wire.expectError(`Invalid selector expression: ${selector}`);
      await wire.drop();
    });
  }

  it("quirk 32: arithmetic on what is no number is no match, and the queue goes on", async () => {
    const wire = await connect();
    const destination = "/queue/no.number";
    await wire.subscribe("0", destination, "auto", { selector: "10 / age = 5 OR -age = 5" });
    for (const age of ["old", "", "1e999", "NaN", "0", "2"]) wire.asyncSend(destination, age, { age });
    await wire.message("2");
    await expectNothing(wire);
    await wire.drop();
  });
});
