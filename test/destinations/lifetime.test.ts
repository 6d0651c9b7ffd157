import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { pause } from "../harness/waiting.ts";
import { edits, intoHost, withoutAuthentication } from "../harness/xml.ts";

const QUEUES = '<queue id="short.**" auto_delete_after="1"/><queue id="named" auto_delete_after="1"/>';
/** A second without use, the janitor's second, and some. */
const IDLE_MS = 2_600;

describe("how long destinations live", { concurrency: true }, () => {
  const broker = useInstance({ xml: edits(withoutAuthentication, intoHost(QUEUES)) });
  const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

  /** Number that the queue gives to a message that is sent and consumed, over a connection of its own. */
  async function nextNumber(queue: string): Promise<string | undefined> {
    const wire = await connect();
    await wire.subscribe("1", `/queue/${queue}`, "auto", { "include-seq": "seq" });
    wire.asyncSend(`/queue/${queue}`, "x");
    const frame = await wire.message("x");
    await wire.disconnect();
    return frame.header("seq");
  }

  for (const [queue, expected] of [
    ["short.idle", ["1", "2", "1"]],
    ["named", ["1", "2", "3"]],
  ] as const) {
    it(`K 3 auto_delete_after: ${queue}`, async () => {
      const numbers = [await nextNumber(queue), await nextNumber(queue)];
      await pause(IDLE_MS);
      numbers.push(await nextNumber(queue));
      assert.deepEqual(numbers, expected);
    });
  }

  it("K 3 auto_delete_after: who has messages, or a consumer, stays", async () => {
    const wire = await connect();
    await wire.syncSend("/queue/short.full", "kept");
    await wire.subscribe("1", "/queue/short.listened", "auto", { "include-seq": "seq" });
    wire.asyncSend("/queue/short.listened", "1");
    await wire.message("1");
    await pause(IDLE_MS);
    wire.asyncSend("/queue/short.listened", "2");
    assert.equal((await wire.message("2")).header("seq"), "2");
    wire.send("SUBSCRIBE", { id: "2", destination: "/queue/short.full" });
    await wire.message("kept");
    await wire.drop();
  });
});

describe("auto_create_destinations=false", { concurrency: true }, () => {
  const broker = useInstance({
    xml: edits(withoutAuthentication, intoHost('<queue id="named"/><topic id="named"/>'), (xml) =>
      xml.replace("<virtual_host ", '<virtual_host auto_create_destinations="false" '),
    ),
  });

  for (const kind of ["queue", "topic"]) {
    it(`K 3 a ${kind} of the configuration is there, another is not made`, async () => {
      const wire = await StompWire.connect(broker.now);
      await wire.subscribe("1", `/${kind}/named`);
      wire.asyncSend(`/${kind}/named`, "1");
      await wire.message("1");
      wire.send("SEND", { destination: `/${kind}/unnamed`, receipt: "r" }, "x");
      await wire.expectError("The destination does not exist");
      await wire.drop();
      const next = await StompWire.connect(broker.now);
      next.send("SUBSCRIBE", { id: "1", destination: `/${kind}/unnamed`, receipt: "r" });
      await next.expectError("The destination does not exist");
      await next.drop();
    });
  }
});
