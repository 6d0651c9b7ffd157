import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Entry, Outstanding } from "../src/outstanding.ts";

/** How often somebody looked at an entry's `order`: what walking and sorting cost. */
let looks = 0;

function entry(number: number, messageId: string | undefined): Entry {
  return {
    consumer: undefined as never,
    delivery: undefined as never,
    sizeBytes: 1,
    get order() {
      looks += 1;
      return number;
    },
    messageId,
    credited: false,
    held: false,
    ackId: -1,
    previous: undefined,
    next: undefined,
    nextSame: undefined,
  };
}

function listed(outstanding: Outstanding): number[] {
  const orders: number[] = [];
  for (let at = outstanding.first; at !== undefined; at = at.next) orders.push(at.order);
  return orders;
}

for (const [name, idOf] of [
  ["1.2", () => undefined],
  ["1.1, an id each", (order: number) => `m${order}`],
  ["1.1, one id for all", () => "m"],
] as const) {
  test(`12: giving back is linear: ${name}`, () => {
    const count = 20_000;
    const outstanding = new Outstanding();
    const entries = Array.from({ length: 2 * count }, (_, at) => entry(at + 1, idOf(at + 1)));
    for (const one of entries) outstanding.add(one);
    const older = entries.slice(0, count / 2);
    const newer = entries.slice(count / 2, count);
    for (const one of [...older, ...newer]) outstanding.remove(one);
    looks = 0;
    outstanding.restore(older);
    outstanding.restore(newer);
    assert.ok(looks < 20 * count, `${looks} looks`);
    assert.deepEqual(
      listed(outstanding),
      entries.map(({ order }) => order),
    );
    for (const one of entries) {
      if (one.messageId !== undefined) assert.equal(outstanding.withMessageId(one.messageId), one);
      outstanding.remove(one);
    }
    assert.equal(outstanding.first, undefined);
  });
}

test("12: whatever is held and given back, order and names are those of a plain list", () => {
  const step = fc.record({ what: fc.constantFrom("add", "ack", "hold", "abort"), which: fc.nat(5) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const outstanding = new Outstanding();
      const held: Entry[][] = [[], [], []];
      let model: Entry[] = [];
      let orders = 0;
      for (const { what, which } of steps) {
        const messageId = `m${which % 2}`;
        if (what === "add") {
          orders += 1;
          const added = entry(orders, messageId);
          outstanding.add(added);
          model.push(added);
        } else if (what === "abort") {
          const back = held[which % 3]!.splice(0);
          outstanding.restore([...back].reverse());
          model = [...model, ...back].sort((a, b) => a.order - b.order);
        } else {
          const named = outstanding.withMessageId(messageId);
          assert.equal(
            named,
            model.find((one) => one.messageId === messageId),
          );
          if (named === undefined) continue;
          outstanding.remove(named);
          model = model.filter((one) => one !== named);
          if (what === "hold") held[which % 3]!.push(named);
        }
        assert.deepEqual(
          listed(outstanding),
          model.map(({ order }) => order),
        );
      }
    }),
  );
});
