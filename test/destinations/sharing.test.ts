import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useInstance } from "../harness/instance.ts";
import type { Frame } from "../harness/stomp-frame.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { expectBodies, expectNothing, FIXTURES, messages, sendAll } from "./fixture.ts";

const EXCLUSIVE = { exclusive: "true" };
const LETTERS = Array.from("abcdefghijklmnopqrstuvwxyz");
const ONE = { credit: "1,0" };

for (const { name, xml } of FIXTURES) {
  describe(`consumers of one queue, ${name}`, { concurrency: true }, () => {
    const broker = useInstance({ xml });
    const connect = (): Promise<StompWire> => StompWire.connect(broker.now);

    it("ST-015 small credit windows (APLO-206)", async () => {
      const wire = await connect();
      const destination = "/queue/small.windows";
      await sendAll(wire, destination, ["1", "2", "3", "4"]);
      wire.send("SUBSCRIBE", { id: "1", destination, ack: "client", ...ONE });
      const one = await wire.message("1");
      wire.send("SUBSCRIBE", { id: "2", destination, ack: "client", ...ONE });
      const two = await wire.message("2");
      wire.ack(one);
      assert.equal((await wire.message("3")).header("subscription"), "1");
      wire.ack(two);
      assert.equal((await wire.message("4")).header("subscription"), "2");
      await wire.drop();
    });

    it("15.7 a window of bytes, and one of both", async () => {
      const wire = await connect();
      const destination = "/queue/windows";
      const bodies = ["a", "b", "c", "d"].map((letter) => letter.repeat(1_000));
      await sendAll(wire, destination, bodies);
      // delivery goes on while either window is above 0: the second message uses up the bytes
      wire.send("SUBSCRIBE", { id: "1", destination, ack: "client", credit: "1,1500" });
      const [, second] = await expectBodies(wire, bodies[0]!, bodies[1]!);
      await expectNothing(wire);
      wire.ack(second!);
      await expectBodies(wire, bodies[2]!, bodies[3]!);
      await wire.drop();
    });

    for (const [ids, destination, expected] of [
      ["ST-028 IT-021", "/queue/robin", { 1: 2, 2: 2 }],
      ["ST-029", "/queue/noroundrobin.test1", { 1: 4, 2: 0 }],
    ] as const) {
      it(`${ids} four messages, two consumers, ${destination}`, async () => {
        const wire = await connect();
        await wire.subscribe("1", destination);
        await wire.subscribe("2", destination);
        for (let i = 0; i < 4; i += 1) wire.asyncSend(destination, String(i));
        const counts: Record<string, number> = { 1: 0, 2: 0 };
        for (const frame of await messages(wire, 4)) counts[frame.header("subscription")!]! += 1;
        assert.deepEqual(counts, expected);
        await wire.drop();
      });
    }

    it("K 15 round_robin=false: the second gets what the first has no credit for", async () => {
      const wire = await connect();
      const destination = "/queue/noroundrobin.credit";
      await wire.subscribe("1", destination, "client", { credit: "2,0" });
      await wire.subscribe("2", destination, "client");
      for (const body of ["a", "b", "c"]) wire.asyncSend(destination, body);
      const first = await messages(wire, 3);
      assert.deepEqual(first.map(owner), ["1", "1", "2"]);
      wire.ack(first[1]!);
      wire.asyncSend(destination, "d");
      assert.equal(owner(await wire.message("d")), "1");
      await wire.drop();
    });

    it("ST-030 message groups stick and are shared out anew", async () => {
      const wire = await connect();
      const destination = "/queue/groups";
      const round = async (): Promise<Record<string, string>> => {
        for (const letter of LETTERS) wire.asyncSend(destination, letter, { message_group: letter });
        const owners = (await messages(wire, LETTERS.length)).map((frame) => [frame.text, owner(frame)]);
        const found = Object.fromEntries(owners) as Record<string, string>;
        assert.deepEqual(Object.keys(found).sort(), LETTERS);
        return found;
      };
      await wire.subscribe("1", destination);
      await wire.subscribe("2", destination);
      const two = await round();
      assert.deepEqual([...new Set(Object.values(two))].sort(), ["1", "2"]);
      for (let i = 0; i < 4; i += 1) assert.deepEqual(await round(), two);
      await wire.subscribe("3", destination);
      const three = await round();
      assert.deepEqual([...new Set(Object.values(three))].sort(), ["1", "2", "3"]);
      for (const letter of LETTERS) if (three[letter] !== "3") assert.equal(three[letter], two[letter]);
      for (let i = 0; i < 4; i += 1) assert.deepEqual(await round(), three);
      await wire.sync("UNSUBSCRIBE", { id: "3" });
      assert.deepEqual(await round(), two);
      await wire.drop();
    });

    it("K 6 a group moves only when its old consumer holds nothing", async () => {
      const wire = await connect();
      const destination = "/queue/groups.handoff";
      await wire.subscribe("1", destination, "client");
      for (const letter of LETTERS) wire.asyncSend(destination, letter, { message_group: letter });
      const held = await expectBodies(wire, ...LETTERS);
      await wire.subscribe("2", destination, "client");
      for (const letter of LETTERS) wire.asyncSend(destination, letter, { message_group: letter });
      await expectNothing(wire);
      wire.ack(held.at(-1)!);
      const moved = await messages(wire, LETTERS.length);
      assert.deepEqual([...new Set(moved.map(owner))].sort(), ["1", "2"]);
      assert.deepEqual(moved.map((frame) => frame.text).sort(), LETTERS);
      await wire.drop();
    });

    it("K 6 who leaves gives back what it held, and its groups go to the others", async () => {
      const wire = await connect();
      const destination = "/queue/groups.leaving";
      await wire.subscribe("1", destination);
      await wire.subscribe("2", destination, "client");
      for (const letter of LETTERS) wire.asyncSend(destination, letter, { message_group: letter });
      const held = (await messages(wire, LETTERS.length)).filter((frame) => owner(frame) === "2");
      wire.send("UNSUBSCRIBE", { id: "2" });
      for (const { text } of held) {
        const frame = await wire.message(text);
        assert.deepEqual([owner(frame), frame.header("redeliveries")], ["1", "1"]);
      }
      await expectNothing(wire);
      await wire.drop();
    });

    it("ST-031 an exclusive consumer and who follows it", async () => {
      const wire = await connect();
      const destination = "/queue/exclusive";
      const bodies = ["1", "2", "3", "4"];
      await wire.subscribe("1", destination);
      await wire.subscribe("2", destination, "client", EXCLUSIVE);
      for (const body of bodies) wire.asyncSend(destination, body);
      assert.deepEqual((await expectBodies(wire, ...bodies)).map(owner), ["2", "2", "2", "2"]);
      wire.send("UNSUBSCRIBE", { id: "2" });
      assert.deepEqual((await expectBodies(wire, ...bodies)).map(owner), ["1", "1", "1", "1"]);
      await wire.drop();
    });

    for (const [id, ...order] of [
      ["OW-005", "x1", "o"],
      ["OW-006 IT-023", "o", "x1"],
      ["OW-007 IT-022", "x1", "x2", "o"],
      ["OW-008", "x1", "o", "x2"],
    ] as const) {
      it(`${id} exclusive consumers take over one from another, then ordinary ones: ${order.join(" ")}`, async () => {
        const destination = `/queue/exclusive.${order.join("-")}`;
        const wire = await connect();
        for (const one of order) await wire.subscribe(one, destination, "auto", one === "o" ? {} : EXCLUSIVE);
        for (const one of [...order.filter((who) => who !== "o"), "o"]) {
          for (const body of ["1", "2", "3"]) wire.asyncSend(destination, body);
          assert.deepEqual((await expectBodies(wire, "1", "2", "3")).map(owner), [one, one, one]);
          await wire.sync("UNSUBSCRIBE", { id: one });
        }
        await wire.drop();
      });
    }

    it("OW-009 OW-010 to the ordinary one, and back to a new exclusive one", async () => {
      const destination = "/queue/exclusive.back";
      const [exclusive, ordinary, later] = [await connect(), await connect(), await connect()];
      await exclusive.subscribe("1", destination, "auto", EXCLUSIVE);
      await ordinary.subscribe("1", destination);
      await ordinary.syncSend(destination, "1");
      await exclusive.message("1");
      await exclusive.disconnect();
      ordinary.asyncSend(destination, "2");
      await ordinary.message("2");
      await later.subscribe("1", destination, "auto", EXCLUSIVE);
      await ordinary.syncSend(destination, "3");
      await later.message("3");
      await expectNothing(ordinary);
      await later.drop();
      await ordinary.drop();
    });

    it("5.4 an exclusive consumer with a selector leaves the rest to others", async () => {
      const wire = await connect();
      const destination = "/queue/exclusive.red";
      await wire.subscribe("o", destination);
      await wire.subscribe("x", destination, "auto", { ...EXCLUSIVE, selector: "color='red'" });
      const colors = ["red", "blue", "red", "none"];
      for (const color of colors) wire.asyncSend(destination, color, { color });
      const got = (await messages(wire, 4)).map((frame) => `${frame.text}:${owner(frame)}`);
      assert.deepEqual(got.sort(), ["blue:o", "none:o", "red:x", "red:x"]);
      await wire.drop();
    });
  });
}

function owner(frame: Frame): string {
  return frame.header("subscription")!;
}
