import assert from "node:assert/strict";
import type { Frame } from "../harness/stomp-frame.ts";
import { type Headers, StompWire } from "../harness/stomp-wire.ts";
import type { Collection } from "./ledger.ts";
import type { Actor, Life, World } from "./world.ts";

/** Receipts that are waited for, and what follows from each. */
class Receipts {
  readonly #wire: StompWire;
  readonly #expected: Map<string, () => void> = new Map();

  constructor(wire: StompWire) {
    this.#wire = wire;
  }

  get count(): number {
    return this.#expected.size;
  }

  /** Sends a frame; something follows when it is confirmed. */
  send(command: string, headers: Headers, body: string, follows: () => void): void {
    this.#expected.set(this.#wire.sendWithReceipt(command, headers, body), follows);
  }

  /** Takes a frame; only a receipt that is expected is right here. */
  take(frame: Frame): void {
    const id = frame.header("receipt-id") ?? "";
    const follows = this.#expected.get(id);
    assert.ok(frame.command === "RECEIPT" && follows !== undefined, describeFrame(frame));
    this.#expected.delete(id);
    follows();
  }
}

function describeFrame({ command, lines, text }: Frame): string {
  return `unexpected ${command} ${lines.join(" ")} ${text.slice(0, 200)}`;
}

/** Where what a producer sends gets to. */
export interface Channel {
  readonly destination: string;
  readonly collections: readonly Collection[];
}

const PERSISTENT = { persistent: "true" };

/** Sends message after message with receipts, some of which it does not wait for at once. */
export function stompProducer(world: World, name: string, channel: Channel): Actor {
  let number = 0;
  return async (life) => {
    if (life.isLast) return;
    const { random } = life;
    const wire = await StompWire.connect(life.broker);
    const receipts = new Receipts(wire);
    const window = random.between(1, 12);
    while (!life.isOver) {
      const mine = number;
      number += 1;
      for (const one of channel.collections) one.attempted(name, mine);
      const headers = { destination: channel.destination, ...PERSISTENT };
      receipts.send("SEND", headers, world.text(name, mine, random), () => {
        for (const one of channel.collections) one.confirmed(name, mine);
      });
      while (receipts.count >= window) receipts.take(await wire.receive());
    }
  };
}

/** How a consumer is told apart from others. */
export interface ConsumerOptions {
  readonly mode: "client" | "client-individual";
  /** Headers of SUBSCRIBE. */
  readonly headers?: Headers;
  /** Part of the messages that it gives back. */
  readonly nacks?: number;
  /** Part of the lives in which it stays away. */
  readonly absence?: number;
}

/** Takes messages and acknowledges each with a receipt. */
export function stompConsumer(
  world: World,
  collection: Collection,
  destination: string,
  { mode, headers = {}, nacks = 0, absence = 0 }: ConsumerOptions,
): Actor {
  return async (life) => {
    const { random } = life;
    if (!life.isLast && life.number > 1 && random.chance(absence)) return;
    const wire = await StompWire.connect(life.broker, { version: "1.2" });
    const receipts = new Receipts(wire);
    const step = mode === "client" ? random.between(1, 10) : 1;
    let unacknowledged: [string, number][] = [];
    receipts.send("SUBSCRIBE", { id: "c", destination, ack: mode, ...headers }, "", () => {
      world.subscribed.add(collection);
    });
    for (;;) {
      const frame = await wire.receive();
      if (frame.command !== "MESSAGE") {
        receipts.take(frame);
        continue;
      }
      const [producer, number] = world.read(frame.text);
      const count = Number(frame.header("redeliveries") ?? 0);
      collection.came(producer, number, count);
      unacknowledged.push([producer, number]);
      if (!life.isLast && random.chance(nacks)) {
        collection.returning(producer, number);
        receipts.send("NACK", wire.ackHeaders(frame), "", () => collection.returned(producer, number, count));
        unacknowledged = [];
        continue;
      }
      if (unacknowledged.length < step && !life.isLast) continue;
      const taken = unacknowledged;
      unacknowledged = [];
      for (const one of taken) collection.settling(...one);
      receipts.send("ACK", wire.ackHeaders(frame), "", () => {
        for (const one of taken) collection.settled(...one);
      });
    }
  };
}

/** Sends pairs of messages in transactions, one to each of two queues, and now and then takes them back. */
export function stompPairs(world: World, name: string, first: Channel, second: Channel): Actor {
  let number = 0;
  const collections = [...first.collections, ...second.collections];
  world.verdicts.push(() => {
    for (let at = 0; at < number; at += 1) {
      const fates = new Set(collections.map((one) => one.wasStored(name, at)));
      if (fates.has(true) && fates.has(false)) world.violated(`transaction ${at} was taken apart`);
    }
  });
  return async (life) => {
    if (life.isLast) return;
    const wire = await StompWire.connect(life.broker);
    const receipts = new Receipts(wire);
    while (!life.isOver) {
      const mine = number;
      number += 1;
      const transaction = `t${mine}`;
      for (const one of collections) one.attempted(name, mine);
      wire.send("BEGIN", { transaction });
      for (const { destination } of [first, second]) {
        wire.asyncSend(destination, world.text(name, mine, life.random), { ...PERSISTENT, transaction });
      }
      if (life.random.chance(0.2)) {
        for (const one of collections) one.aborted(name, mine);
        wire.send("ABORT", { transaction });
        continue;
      }
      receipts.send("COMMIT", { transaction }, "", () => {
        for (const one of collections) one.confirmed(name, mine);
      });
      while (receipts.count >= 4) receipts.take(await wire.receive());
    }
  };
}

/** Takes messages from one queue and sends each to another, in one transaction: each gets there once. */
export function stompMover(
  world: World,
  from: { readonly destination: string; readonly collection: Collection },
  to: { readonly destination: string; readonly collection: Collection },
): Actor {
  return async (life: Life) => {
    const wire = await StompWire.connect(life.broker, { version: "1.2" });
    const receipts = new Receipts(wire);
    wire.send("SUBSCRIBE", { id: "m", destination: from.destination, ack: "client-individual" });
    for (;;) {
      const frame = await wire.receive();
      if (frame.command !== "MESSAGE") {
        receipts.take(frame);
        continue;
      }
      const [producer, number] = world.read(frame.text);
      from.collection.came(producer, number);
      if (to.collection.hasSettled(producer, number)) {
        world.violated(`${producer}:${number} was moved and came back`);
      }
      const transaction = `m${number}`;
      to.collection.attempted(producer, number);
      from.collection.settling(producer, number);
      wire.send("BEGIN", { transaction });
      wire.asyncSend(to.destination, frame.text, { ...PERSISTENT, transaction });
      wire.ack(frame, { transaction });
      receipts.send("COMMIT", { transaction }, "", () => {
        from.collection.settled(producer, number);
        to.collection.confirmed(producer, number);
      });
    }
  };
}
