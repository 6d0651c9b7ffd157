import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { edits, intoHost, withoutAuthentication, type XmlEdit } from "../harness/xml.ts";
import { expectBodies, expectNothing } from "./fixture.ts";

/** SE-002: the document of the original test. */
const DOCUMENT = "<catalog><a key='first' num='1'/><b key='second' num='2'>b</b></catalog>";

const TRUE = [
  "catalog/a",
  '//catalog/b/text()="b"',
  "//catalog/*[@key=''second'']",
  "/catalog/b=''b'' and /catalog/b[@key=''second'']",
  "sum(//@num) < 10",
];
const FALSE = ["catalog/c", "//catalog/a[@num > 1]", "string(//catalog/a)", "//[", "nonsense()"];

const allowed: XmlEdit = edits(
  withoutAuthentication,
  (xml) => xml.replace("<broker ", '<broker xpath_selectors="true" '),
  intoHost(`<dsub id="orders" topic="all" selector="XPATH '//order[@total > 100]' OR urgent='yes'"/>`),
);

describe("14.1 XPATH in selectors, where the configuration allows it", () => {
  const broker = useInstance({ xml: allowed });
  const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

  it("SE-002 on a queue it takes what matches", async () => {
    const wire = await connect();
    for (const [at, expression] of FALSE.entries()) {
      const selector = `XPATH '${expression}'`;
      await wire.subscribe(`false-${at}`, "/queue/xpath", "auto", { selector });
    }
    await wire.syncSend("/queue/xpath", DOCUMENT);
    for (const [at, expression] of TRUE.entries()) {
      wire.send("SUBSCRIBE", { id: `${at}`, destination: "/queue/xpath", selector: `XPATH '${expression}'` });
      await wire.message(DOCUMENT);
      await wire.sync("UNSUBSCRIBE", { id: `${at}` });
      await wire.syncSend("/queue/xpath", DOCUMENT);
    }
    await wire.drop();
  });

  it("14.1 on a topic; what is no document does not match", async () => {
    const wire = await connect();
    await wire.subscribe("1", "/topic/xpath", "auto", { selector: "XPATH '//catalog' AND color='red'" });
    for (const body of [
      "no XML",
      "<catalog>",
      `<!DOCTYPE catalog [<!ENTITY e "e">]><catalog>&e;</catalog>`,
      "<b/>",
    ]) {
      wire.asyncSend("/topic/xpath", body, { color: "red" });
    }
    wire.asyncSend("/topic/xpath", "<catalog/>", { color: "blue" });
    wire.asyncSend("/topic/xpath", "<catalog/>", { color: "red" });
    await wire.message("<catalog/>");
    await expectNothing(wire);
    await wire.drop();
  });

  it("7 a durable subscription collects by it, from the configuration too", async () => {
    const wire = await connect();
    const selector = "XPATH '//order[@total > 10]'";
    await wire.sync("SUBSCRIBE", { id: "mine", destination: "/topic/all", persistent: "true", selector });
    await wire.sync("UNSUBSCRIBE", { id: "mine" });
    const [small, middle, large] = ["<order total='1'/>", "<order total='11'/>", "<order total='101'/>"];
    for (const body of [small, middle, large]) await wire.syncSend("/topic/all", body);
    await wire.syncSend("/topic/all", "no document", { urgent: "yes" });
    wire.send("SUBSCRIBE", { id: "configured", destination: "/dsub/orders" });
    await expectBodies(wire, large, "no document");
    wire.send("SUBSCRIBE", { id: "mine", destination: "/topic/all", persistent: "true", selector });
    await expectBodies(wire, middle, large);
    await expectNothing(wire);
    await wire.drop();
  });

  it("an expression that would take for ever costs its own messages only", async () => {
    const wire = await connect();
    const selector = "XPATH 'count(//*[count(//*[count(//*) > 1]) > 1]) > 0'";
    await wire.subscribe("1", "/topic/hostile", "auto", { selector });
    const body = `<r>${"<a/>".repeat(10_000)}</r>`;
    for (let at = 0; at < 20; at += 1) await wire.syncSend("/topic/hostile", body);
    await expectNothing(wire);
    await wire.drop();
  });
});

describe("14.1 XPATH in selectors, where nothing allows it", () => {
  const broker = useInstance({ xml: withoutAuthentication });
  it("is an ERROR whose body says what to do", async () => {
    const wire = await StompWire.connect(broker.now);
    wire.send("SUBSCRIBE", { id: "1", destination: "/queue/a", selector: "XPATH '//a'" });
    const { text } = await wire.expectError("Invalid selector expression: XPATH '//a'");
    if (!text.includes("xpath_selectors")) throw new Error(text);
    await wire.drop();
  });
});
