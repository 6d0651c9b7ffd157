import assert from "node:assert/strict";
import { once } from "node:events";
import type { EventContext, Sender } from "rhea";
import { AmqpClient, bodyText } from "../harness/amqp-client.ts";
import type { Collection } from "./ledger.ts";
import type { Channel } from "./stomp-actors.ts";
import type { Actor, Life, World } from "./world.ts";

/** Sends unsettled messages with a window; `accepted` is the confirmation. */
export function amqpProducer(world: World, name: string, channel: Channel): Actor {
  let number = 0;
  return async (life) => {
    if (life.isLast) return;
    const client = await AmqpClient.connect(life.broker);
    const lost = once(client.connection, "disconnected").then(() => undefined);
    const sender = await Promise.race([client.sender(channel.destination), lost]);
    if (sender === undefined) return endedEarly(life);
    const waiting = new Map<number, number>();
    const window = life.random.between(1, 10);
    const send = (): void => {
      while (waiting.size < window && sender.sendable() && !life.isOver) {
        for (const one of channel.collections) one.attempted(name, number);
        const { id } = sendDurable(sender, world.text(name, number, life.random));
        waiting.set(id, number);
        number += 1;
      }
    };
    let refused = "";
    for (const outcome of ["rejected", "released", "modified"] as const) {
      sender.on(outcome, () => {
        refused = outcome;
        client.connection.close();
      });
    }
    sender.on("accepted", ({ delivery }: EventContext) => {
      const accepted = waiting.get(delivery!.id);
      if (accepted === undefined) refused = `${delivery!.id} was accepted, which was not sent`;
      else for (const one of channel.collections) one.confirmed(name, accepted);
      waiting.delete(delivery!.id);
      send();
    });
    sender.on("sendable", send);
    send();
    await lost;
    assert.equal(refused, "");
    endedEarly(life);
  };
}

function endedEarly(life: Life): void {
  if (!life.isOver) throw new Error("the connection ended");
}

function sendDurable(sender: Sender, body: string): { id: number } {
  return sender.send({ durable: true, body }) as unknown as { id: number };
}

/** Takes messages and accepts them; nobody confirms that. */
export function amqpConsumer(world: World, collection: Collection, source: string, absence: number): Actor {
  return async (life) => {
    if (!life.isLast && life.number > 1 && life.random.chance(absence)) return;
    const client = await AmqpClient.connect(life.broker);
    const lost = once(client.connection, "disconnected").then(() => undefined);
    const inbox = await Promise.race([client.receiver(source, 0), lost]);
    if (inbox === undefined) return endedEarly(life);
    inbox.receiver.add_credit(50);
    for (;;) {
      const got = await inbox.next();
      const [producer, number] = world.read(bodyText(got.message));
      collection.came(producer, number);
      collection.settling(producer, number);
      got.delivery.accept();
      inbox.receiver.add_credit(1);
    }
  };
}
