import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settled } from "@tsapollo/testkit";
import { assertPackets, type Client, delivery, World } from "./client.ts";

const LASTING = { clientId: "lasting", clean: false } as const;

describe("[MQTT-4.3.3-1] QoS 2 to a lasting session is sent when it is stored", () => {
  async function subscribed(world: World): Promise<Client> {
    const client = await world.connected(LASTING);
    client.subscribe("a", 2);
    await settled();
    client.answers();
    world.host.storing = false;
    return client;
  }

  it("a crash takes it back from nobody; QoS 1 waits only behind it [MQTT-4.6.0-1]", async () => {
    const world = new World();
    const client = await subscribed(world);
    assertPackets([client.offer(delivery("a", 1, "once", { sequence: 1 }))!], [{ qos: 1, messageId: 1 }]);
    assert.equal(client.offer(delivery("a", 2, "twice", { sequence: 2 })), undefined);
    assert.equal(client.offer(delivery("a", 1, "behind", { sequence: 3 })), undefined);
    world.host.store();
    assertPackets(client.answers(), [
      { cmd: "publish", qos: 2, messageId: 2, dup: false },
      { cmd: "publish", qos: 1, messageId: 3, dup: false },
    ]);
    assertPackets([client.offer(delivery("a", 1, "later", { sequence: 4 }))!], [{ qos: 1, messageId: 4 }]);
  });

  it("a connection that ended before gets nothing; the next one gets it, stored too", async () => {
    const world = new World();
    const client = await subscribed(world);
    client.offer(delivery("a", 2, "x", { sequence: 1 }));
    client.drop();
    const next = world.client();
    await next.connect(LASTING);
    assert.equal(next.offer(delivery("a", 2, "x", { sequence: 1, redeliveryCount: 1 })), undefined);
    world.host.store();
    assert.deepEqual(client.answers(), []);
    assertPackets(next.answers(), [{ cmd: "publish", qos: 2, messageId: 1, dup: true }]);
  });
});
