import assert from "node:assert/strict";
import { packet, publishOf, type Received, TYPE, text, two } from "../harness/mqtt-packet.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import type { Collection } from "./ledger.ts";
import type { Channel } from "./stomp-actors.ts";
import type { Actor, World } from "./world.ts";

/** Publishes with QoS 1 and a window; what was not acknowledged is not sent again. */
export function mqttProducer(world: World, name: string, channel: Channel): Actor {
  let number = 0;
  return async (life) => {
    if (life.isLast) return;
    const wire = await MqttWire.connect(life.broker);
    const waiting = new Map<number, number>();
    const window = life.random.between(1, 10);
    while (!life.isOver) {
      for (const one of channel.collections) one.attempted(name, number);
      const body = world.text(name, number, life.random);
      waiting.set(wire.publishOnly(channel.destination, body, 1), number);
      number += 1;
      while (waiting.size >= window) {
        const id = (await wire.expect(TYPE.PUBACK)).body.readUInt16BE(0);
        const acknowledged = waiting.get(id);
        assert.ok(acknowledged !== undefined, `PUBACK ${id} for nothing`);
        waiting.delete(id);
        for (const one of channel.collections) one.confirmed(name, acknowledged);
      }
    }
  };
}

/** An outgoing QoS 2 exchange. */
interface Exchange {
  readonly number: number;
  readonly body: string;
  /** PUBREC has come: only PUBREL is sent again. */
  released: boolean;
}

/** Publishes with QoS 2 from a session that lasts: what is not finished goes on in the next life with its id. */
export function mqttOnceProducer(world: World, name: string, channel: Channel): Actor {
  let number = 0;
  let nextId = 0;
  let hadSession = false;
  const exchanges = new Map<number, Exchange>();
  return async (life) => {
    const wire = await MqttWire.open(life.broker);
    const { code, present } = await wire.hello({ clientId: name, clean: false });
    assert.equal(code, 0);
    if (hadSession) assert.ok(present, `the session of ${name} is gone`);
    const publish = (id: number, { body }: Exchange, dup: boolean): void => {
      const flags = (dup ? 8 : 0) | 4;
      wire.raw(packet(TYPE.PUBLISH, flags, text(channel.destination), two(id), Buffer.from(body)));
    };
    for (const [id, exchange] of exchanges) {
      if (exchange.released) wire.raw(packet(TYPE.PUBREL, 2, two(id)));
      else publish(id, exchange, true);
    }
    const window = life.random.between(1, 6);
    while (!life.isOver) {
      if (life.isLast && exchanges.size === 0) return;
      while (exchanges.size < window && !life.isLast) {
        nextId = (nextId % 65_535) + 1;
        const exchange = { number, body: world.text(name, number, life.random), released: false };
        for (const one of channel.collections) one.attempted(name, number);
        number += 1;
        exchanges.set(nextId, exchange);
        publish(nextId, exchange, false);
      }
      const answer = await wire.receive();
      const id = answer.body.readUInt16BE(0);
      const exchange = exchanges.get(id);
      assert.ok(exchange !== undefined, `packet ${answer.type} with ${id} for nothing`);
      if (answer.type === TYPE.PUBCOMP) exchanges.delete(id);
      else {
        assert.equal(answer.type, TYPE.PUBREC);
        hadSession = true; // a CONNACK does not say that the session is stored, this does
        for (const one of channel.collections) one.confirmed(name, exchange.number);
        exchange.released = true;
        wire.raw(packet(TYPE.PUBREL, 2, two(id)));
      }
    }
  };
}

/** Subscribes from a session that lasts, and acknowledges what it gets as its QoS asks. */
export function mqttConsumer(
  world: World,
  collection: Collection,
  filter: string,
  qos: 1 | 2,
  absence: number,
): Actor {
  let hadSession = false;
  /** Of QoS 2: ids that were received and not released, with their messages. */
  const held = new Map<number, string>();
  return async (life) => {
    if (!life.isLast && life.number > 1 && life.random.chance(absence)) return;
    const wire = await MqttWire.open(life.broker);
    const { code, present } = await wire.hello({ clientId: `sub${qos}`, clean: false });
    assert.equal(code, 0);
    if (hadSession) assert.ok(present, `the session sub${qos} is gone`);
    else await wire.subscribe(filter, qos);
    hadSession = true;
    world.subscribed.add(collection);
    for (;;) {
      const one = await wire.receive();
      if (one.type === TYPE.PUBREL) {
        const id = one.body.readUInt16BE(0);
        held.delete(id);
        wire.raw(packet(TYPE.PUBCOMP, 0, two(id)));
        continue;
      }
      assert.equal(one.type, TYPE.PUBLISH);
      const received = publishOf(one);
      assert.ok(received.qos === 1 || received.qos === qos, `QoS ${received.qos}`);
      take(received);
      const answer = received.qos === 1 ? TYPE.PUBACK : TYPE.PUBREC;
      wire.raw(packet(answer, 0, two(received.id)));
    }
  };

  function take({ id, body, qos: sentWith }: Received): void {
    const message = body.toString();
    const known = held.get(id);
    if (known !== undefined) {
      const [was, is] = [known.slice(0, 20), message.slice(0, 20)];
      assert.ok(known === message, `id ${id} is that of '${was}', which is not finished, and now of '${is}'`);
      return; // an exchange that goes on
    }
    const [producer, number] = world.read(message);
    collection.came(producer, number);
    if (sentWith === 1) return collection.settling(producer, number);
    held.set(id, message);
    collection.settled(producer, number); // once, and never again
  }
}

/** Publishes numbers that are retained, and looks at the beginning of each life what is. */
export function mqttRetained(topic: string): Actor {
  let sent = 0;
  let confirmed = 0;
  return async (life) => {
    const wire = await MqttWire.connect(life.broker);
    await wire.subscribe(topic, 1);
    const found = await wire.roundTrip();
    if (confirmed > 0) {
      assert.equal(found.length, 1, `${found.length} retained messages after ${confirmed} were confirmed`);
      const number = Number(publishOf(found[0]!).body.toString());
      assert.ok(number >= confirmed && number <= sent, `${number} is retained, not ${confirmed} to ${sent}`);
      confirmed = number;
    }
    await wire.disconnect();
    const publisher = await MqttWire.connect(life.broker);
    while (!life.isOver && !life.isLast) {
      sent += 1;
      const number = sent;
      await publisher.publish(topic, String(number), 1, true);
      confirmed = number;
    }
    await publisher.drop();
  };
}
