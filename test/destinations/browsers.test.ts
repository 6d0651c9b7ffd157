import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { expectBodies, expectBrowserEnd, expectNothing, F2, messages, sendAll } from "./fixture.ts";

const BROWSE = { browser: "true" };
const WATCH = { browser: "true", "browser-end": "false" };
const ONE_DESTINATION = "The from-seq header is only supported when you subscribe to one destination";

describe("browsers and sequences", { concurrency: true }, () => {
  const broker = useInstance({ xml: F2 });
  const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

  it("ST-016 a browser on a drained queue (APLO-156)", async () => {
    const wire = await connect();
    wire.send("SUBSCRIBE", { id: "0", destination: "/queue/TOOL.DEFAULT" });
    wire.asyncSend("/queue/TOOL.DEFAULT", "1");
    wire.asyncSend("/queue/TOOL.DEFAULT", "2");
    for (const frame of await expectBodies(wire, "1", "2")) assert.equal(frame.header("subscription"), "0");
    wire.send("SUBSCRIBE", { id: "1", destination: "/queue/TOOL.DEFAULT", ...BROWSE });
    await expectBrowserEnd(wire, "1");
    await wire.drop();
  });

  it("ST-017 from-seq -1 starts at the tail", async () => {
    const wire = await connect();
    await sendAll(wire, "/queue/tail", ["1", "2", "3"]);
    wire.send("SUBSCRIBE", { id: "0", destination: "/queue/tail", ...WATCH, "from-seq": -1 });
    wire.asyncSend("/queue/tail", "4");
    await wire.message("4");
    await wire.drop();
  });

  it("ST-018 a continuous browser", async () => {
    const wire = await connect();
    await wire.subscribe("0", "/queue/watched", "auto", WATCH);
    wire.asyncSend("/queue/watched", "1");
    wire.asyncSend("/queue/watched", "2");
    await expectBodies(wire, "1", "2");
    await expectNothing(wire);
    await wire.drop();
  });

  it("ST-019 include-seq", async () => {
    const wire = await connect();
    await wire.subscribe("0", "/queue/numbered", "auto", { "include-seq": "seq" });
    wire.asyncSend("/queue/numbered", "a");
    wire.asyncSend("/queue/numbered", "b");
    const numbers = (await expectBodies(wire, "a", "b")).map((frame) => frame.header("seq"));
    assert.deepEqual(numbers, ["1", "2"]);
    await wire.drop();
  });

  for (const browser of [true, false]) {
    it(`ST-020 from-seq resumes, ${browser ? "browser" : "consumer"}`, async () => {
      const wire = await connect();
      const destination = `/queue/resumed.${browser}`;
      await sendAll(wire, destination, ["1", "2", "3"]);
      const headers = { browser: String(browser), "include-seq": "seq", "from-seq": 2 };
      wire.send("SUBSCRIBE", { id: "0", destination, ...headers });
      const frames = await expectBodies(wire, "2", "3");
      assert.deepEqual(
        frames.map((frame) => frame.header("seq")),
        ["2", "3"],
      );
      await wire.drop();
    });
  }

  for (const destination of ["/queue/some,/queue/other", "/queue/some.*"]) {
    it(`ST-021 from-seq needs one plain destination, not ${destination}`, async () => {
      const wire = await connect();
      wire.send("SUBSCRIBE", { id: "0", destination, ...BROWSE, "include-seq": "seq", "from-seq": 2 });
      await wire.expectError(ONE_DESTINATION);
      await wire.drop();
    });
  }

  it("ST-022 browsing does not consume", async () => {
    const wire = await connect();
    await sendAll(wire, "/queue/looked.at", ["1", "2", "3"]);
    wire.send("SUBSCRIBE", { id: "0", destination: "/queue/looked.at", ...BROWSE });
    for (const frame of await expectBodies(wire, "1", "2", "3"))
      assert.equal(frame.header("subscription"), "0");
    await expectBrowserEnd(wire, "0");
    wire.send("SUBSCRIBE", { id: "1", destination: "/queue/looked.at" });
    for (const frame of await expectBodies(wire, "1", "2", "3"))
      assert.equal(frame.header("subscription"), "1");
    await wire.drop();
  });

  it("OW-018 IT-064 receive, browse, receive", async () => {
    const destination = "/queue/receive.browse";
    const wire = await connect();
    await sendAll(wire, destination, ["1", "2", "3"]);
    wire.send("SUBSCRIBE", { id: "0", destination, ack: "client", credit: "1,0" });
    wire.ack(await wire.message("1"));
    await wire.message("2"); // the credit of the first; not acknowledged, it goes back
    await wire.sync("UNSUBSCRIBE", { id: "0" });
    wire.send("SUBSCRIBE", { id: "1", destination, ...BROWSE });
    await expectBodies(wire, "2", "3");
    await expectBrowserEnd(wire, "1");
    wire.send("SUBSCRIBE", { id: "2", destination });
    await expectBodies(wire, "2", "3");
    await wire.drop();
  });

  it("OW-019 IT-065 browse, then receive", async () => {
    const wire = await connect();
    await wire.syncSend("/queue/browse.receive", "1");
    wire.send("SUBSCRIBE", { id: "browser", destination: "/queue/browse.receive", ...BROWSE });
    wire.send("SUBSCRIBE", { id: "consumer", destination: "/queue/browse.receive" });
    const seen: string[] = [];
    for (const frame of await messages(wire, 3))
      seen.push(`${frame.header("subscription")}:${frame.header("browser") ?? frame.text}`);
    assert.deepEqual(seen.sort(), ["browser:1", "browser:end", "consumer:1"]);
    await wire.drop();
  });

  it("OW-021 IT-066 a browser that leaves early", async () => {
    const [wire, browser] = [await connect(), await connect()];
    await sendAll(wire, "/queue/left.early", ["1", "2", "3"]);
    browser.send("SUBSCRIBE", {
      id: "0",
      destination: "/queue/left.early",
      ack: "client",
      credit: "2,0",
      ...BROWSE,
    });
    await expectBodies(browser, "1", "2");
    await browser.sync("UNSUBSCRIBE", { id: "0" });
    await browser.drop();
    wire.send("SUBSCRIBE", { id: "0", destination: "/queue/left.early" });
    await expectBodies(wire, "1", "2", "3");
    await wire.drop();
  });

  for (const place of ["/queue/", "/temp-queue/"]) {
    it(`IT-041 a browser of ${place} shows what is there, in order, and ends`, async () => {
      const wire = await connect();
      const destination = `${place}enumerated`;
      await sendAll(wire, destination, ["0", "1", "2", "3", "4"]);
      wire.send("SUBSCRIBE", { id: "0", destination, ...BROWSE });
      await expectBodies(wire, "0", "1", "2", "3", "4");
      await expectBrowserEnd(wire, "0");
      await wire.drop();
    });
  }

  it("IT-063 OW-020 browsers see what consumers hold", async () => {
    const destination = "/queue/held";
    const [consumer, browser] = [await connect(), await connect()];
    const bodies = Array.from({ length: 1_000 }, (_, at) => `message ${at}`);
    for (const body of bodies) consumer.asyncSend(destination, body);
    consumer.send("SUBSCRIBE", { id: "0", destination, ack: "client", credit: "1000,0" });
    await expectBodies(consumer, ...bodies);
    browser.send("SUBSCRIBE", { id: "0", destination, ...BROWSE });
    await expectBodies(browser, ...bodies);
    await expectBrowserEnd(browser, "0");
    await expectNothing(consumer);
    await consumer.drop();
    await browser.drop();
  });

  it("JR-008 a browser respects its selector", async () => {
    const wire = await connect();
    for (const color of ["red", "blue", "red"]) await wire.syncSend("/queue/browsed.red", color, { color });
    wire.send("SUBSCRIBE", {
      id: "0",
      destination: "/queue/browsed.red",
      ...BROWSE,
      selector: "color='red'",
    });
    await expectBodies(wire, "red", "red");
    await expectBrowserEnd(wire, "0");
    wire.send("SUBSCRIBE", { id: "1", destination: "/queue/browsed.red" });
    await expectBodies(wire, "red", "blue", "red");
    await wire.drop();
  });

  it("5.7 each queue of a composite or a wildcard ends by itself", async () => {
    const wire = await connect();
    await wire.syncSend("/queue/several.a", "a");
    await wire.syncSend("/queue/several.b", "b");
    for (const [id, destination] of [
      ["composite", "/queue/several.a,/queue/several.b"],
      ["wildcard", "/queue/several.*"],
    ] as const) {
      wire.send("SUBSCRIBE", { id, destination, ...BROWSE });
      const seen = (await messages(wire, 4)).map((frame) => frame.header("browser") ?? frame.text);
      assert.deepEqual(seen.sort(), ["a", "b", "end", "end"]);
    }
    await wire.drop();
  });

  it("5.7 a browser with credit waits for acknowledgements, and its marker with it", async () => {
    const wire = await connect();
    await sendAll(wire, "/queue/browsed.slowly", ["1", "2"]);
    wire.send("SUBSCRIBE", {
      id: "0",
      destination: "/queue/browsed.slowly",
      ack: "client",
      credit: "1,0",
      ...BROWSE,
    });
    const first = await wire.message("1");
    await expectNothing(wire);
    wire.ack(first);
    const second = await wire.message("2");
    wire.ack(second);
    await expectBrowserEnd(wire, "0");
    wire.send("SUBSCRIBE", { id: "1", destination: "/queue/browsed.slowly" });
    await expectBodies(wire, "1", "2");
    await wire.drop();
  });

  it("15.7 the id of a browser that ended is taken until UNSUBSCRIBE", async () => {
    const wire = await connect();
    for (let round = 0; round < 2; round += 1) {
      wire.send("SUBSCRIBE", { id: "0", destination: "/queue/browsed.again", ...BROWSE });
      await expectBrowserEnd(wire, "0");
      if (round === 0) await wire.sync("UNSUBSCRIBE", { id: "0" });
    }
    wire.send("SUBSCRIBE", { id: "0", destination: "/queue/browsed.again", ...BROWSE });
    await wire.expectError("A subscription with identified with '0' allready exists");
    await wire.drop();
  });
});
