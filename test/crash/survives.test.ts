import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Lives, withLives } from "../harness/lives.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import {
  edits,
  intoConnector,
  intoHost,
  onlyTcp,
  withoutAuthentication,
  withoutStore,
  type XmlEdit,
} from "../harness/xml.ts";
import { STOMP_SURVIVALS } from "./survivals.ts";
import { OTHER_SURVIVALS } from "./survivals-others.ts";

const xml = edits(
  withoutAuthentication,
  onlyTcp,
  intoConnector("tcp", '<stomp add_redeliveries_header="redeliveries"/>'),
  intoHost('<queue id="mortal.*" nak_limit="1" dlq="dead.*"/><queue id="dead.**"/>'),
);

describe("survives kill -9 [architecture 6]", { concurrency: 4 }, () => {
  const lives = new Lives({ xml });
  const all = [...STOMP_SURVIVALS, ...OTHER_SURVIVALS];
  before(async () => {
    const first = await lives.start();
    await Promise.all(all.map((one) => one.before(first)));
    await lives.again();
  });
  after(() => lives.kill());
  for (const one of all) it(one.name, () => one.after(lives.now));
});

/** Leaves a message, a durable subscription, a session and a retained message; then says whether they are there. */
async function leftAfter(edit: XmlEdit, end: "kill" | "stop"): Promise<readonly boolean[]> {
  const found: boolean[] = [];
  await withLives({ xml: edits(xml, edit) }, async (lives) => {
    const wire = await StompWire.connect(lives.now);
    await wire.syncSend("/queue/q", "1", { persistent: "true" });
    await wire.syncSend("/topic/t", "1", { persistent: "true", retain: "set" });
    await wire.sync("SUBSCRIBE", { id: "d", destination: "/topic/elsewhere", persistent: "true" });
    await (await MqttWire.connect(lives.now, { clientId: "s", clean: false })).subscribe("s", 1);
    if (end === "stop") assert.equal(await lives.stop(), 0);
    else await lives.kill();
    await lives.start();
    for (const destination of ["/queue/q", "/topic/t", "/dsub/d"]) {
      const again = await StompWire.connect(lives.now);
      again.send("SUBSCRIBE", { id: "0", destination });
      again.asyncSend(destination, "marker");
      const { command, text } = await again.receive();
      found.push(destination === "/dsub/d" ? command === "MESSAGE" : text === "1");
    }
    const session = await MqttWire.open(lives.now);
    found.push((await session.hello({ clientId: "s", clean: false })).present);
  });
  return found;
}

describe("what forgets", { concurrency: 2 }, () => {
  const purging: XmlEdit = (text) => text.replace("<virtual_host ", '<virtual_host purge_on_startup="true" ');
  const cases: readonly (readonly [string, XmlEdit, boolean])[] = [
    ["nothing, as a check of the check", (text) => text, true],
    ["purge_on_startup [instance 6]", purging, false],
    ["null_store [instance 9.1]", withoutStore, false],
  ];
  for (const [name, edit, isKept] of cases) {
    for (const end of ["kill", "stop"] as const) {
      it(`${name}, after a ${end}`, async () => {
        assert.deepEqual(await leftAfter(edit, end), [isKept, isKept, isKept, isKept]);
      });
    }
  }
});
