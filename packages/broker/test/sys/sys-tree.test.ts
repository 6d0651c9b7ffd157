import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_HOST_SETTINGS, HostEngine } from "@tsapollo/core";
import { Address, ANY_DESCENDANT, type Consumer, type Delivery, SILENT_LOGGER } from "@tsapollo/domain";
import { MqttCounters, publishQos } from "@tsapollo/protocol-mqtt";
import { MemoryStore } from "@tsapollo/store-memory";
import { FakeClock } from "@tsapollo/testkit";
import { Traffic } from "@tsapollo/transport";
import type { FigureSources } from "../../src/sys/figures.ts";
import { SysTree } from "../../src/sys/sys-tree.ts";

/** Somebody who listens to the whole tree, and takes so much of it. */
class Listener implements Consumer {
  credit: number = Number.POSITIVE_INFINITY;
  readonly deliveries: Delivery[] = [];

  offer(delivery: Delivery): boolean {
    if (this.credit === 0) return false;
    this.credit -= 1;
    this.deliveries.push(delivery);
    return true;
  }
  ended(): void {}

  /** What came since the last call. */
  take(): Record<string, string> {
    const said = this.deliveries.splice(0).map(({ address, message }) => {
      const name = address.path.slice(2).join("/");
      return [name, Buffer.from(message.body()).toString()] as const;
    });
    return Object.fromEntries(said);
  }
}

interface World {
  readonly clock: FakeClock;
  readonly tree: SysTree;
  readonly sources: FigureSources;
  readonly engine: HostEngine;
  readonly listener: Listener;
  listen(): { resume(): void };
}

async function start(intervalS: number, consumerBufferBytes?: number): Promise<World> {
  const clock = new FakeClock();
  const settings = {
    ...DEFAULT_HOST_SETTINGS,
    ...(consumerBufferBytes === undefined ? {} : { consumerBufferBytes, slowConsumerTimeoutMs: 0 }),
  };
  const engine = new HostEngine({
    id: "default",
    brokerId: "default",
    settings,
    store: new MemoryStore(),
    stores: false,
    authorizer: undefined,
    clock,
    logger: SILENT_LOGGER,
    codecs: () => undefined,
    makeFilter: (text) => ({ text, matches: () => true }),
  });
  await engine.start();
  const mqtt = new MqttCounters();
  const sources = {
    host: engine.counters,
    mqtt,
    strangers: new MqttCounters(),
    traffic: new Traffic(),
    clients: () => mqtt.connected,
  };
  const tree = new SysTree({ intervalS, version: "1.2.3", clock, waiting: () => ({ count: 1, bytes: 9 }) });
  tree.hostStarted(engine, sources);
  const listener = new Listener();
  const addresses = [new Address("topic", ["$SYS", ANY_DESCENDANT])];
  const listen = (): { resume(): void } => engine.admitBroker().subscribe({ addresses }, listener);
  return { clock, tree, sources, engine, listener, listen };
}

test("everything is there at once, retained and of QoS 2 [management E1]", async () => {
  const { listener, listen, engine } = await start(10);
  listen();
  assert.ok(listener.deliveries.every(({ message, retained }) => retained && publishQos(message) === 2));
  const said = listener.take();
  assert.equal(Object.keys(said).length, 56);
  assert.equal(engine.counters.retainedMessages, 56);
  assert.equal(said["version"], "tsapollo version 1.2.3");
  assert.equal(said["uptime"], "0 seconds");
  assert.equal(said["load/bytes/sent/15min"], "0.00");
  assert.equal(said["packet/out/bytes"], "9");
  assert.match(said["heap/current"]!, /^\d{6,}$/);
});

test("then what has changed, at every interval [management E1]", async () => {
  const { clock, listener, listen, sources, tree } = await start(10);
  listen();
  clock.advance(10_000);
  listener.take();
  const quiet = (): Record<string, string> => {
    const { "heap/current": _, "heap/maximum": __, "store/messages/bytes": ___, ...rest } = listener.take();
    return rest;
  };
  clock.advance(9_999);
  assert.deepEqual(quiet(), {});
  sources.mqtt.publishReceived += 3;
  sources.mqtt.expired = 1;
  clock.advance(1);
  assert.deepEqual(quiet(), {
    uptime: "20 seconds",
    "load/publish/received/1min": "2.76",
    "load/publish/received/5min": "0.59",
    "load/publish/received/15min": "0.20",
    "clients/expired": "1",
    "publish/messages/received": "3",
  });
  clock.advance(10_000);
  assert.deepEqual(Object.keys(quiet()), [
    "uptime",
    "load/publish/received/1min",
    "load/publish/received/5min", // the third still rounds to the same
  ]);
  tree.stop();
  clock.advance(60_000);
  assert.deepEqual(listener.take(), {});
});

test("clients/maximum is the highest number at an update", async () => {
  const { clock, listener, listen, sources } = await start(10);
  listen();
  sources.mqtt.connected = 5;
  clock.advance(10_000);
  sources.mqtt.connected = 2;
  clock.advance(10_000);
  const { "clients/maximum": maximum, "clients/total": total } = listener.take();
  assert.deepEqual([maximum, total], ["5", "2"]);
});

test("interval 0: there is nothing", async () => {
  const { clock, listener, listen, engine } = await start(0);
  listen();
  clock.advance(60_000);
  assert.deepEqual([listener.take(), engine.counters.retainedMessages], [{}, 0]);
});

test("a slow listener stops it, not the memory; later it goes on with what is true then", async () => {
  const { clock, listener, listen, sources } = await start(10, 100);
  const subscription = listen();
  listener.credit = 0;
  sources.mqtt.publishReceived = 1;
  clock.advance(10_000);
  for (let round = 2; round < 100; round += 1) {
    sources.mqtt.publishReceived = round;
    clock.advance(10_000);
  }
  listener.take();
  listener.credit = Number.POSITIVE_INFINITY;
  subscription.resume();
  assert.equal(listener.take()["publish/messages/received"], "1");
  clock.advance(10_000);
  assert.equal(listener.take()["publish/messages/received"], "99");
});
