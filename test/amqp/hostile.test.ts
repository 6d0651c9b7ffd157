import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import rhea from "rhea";
import { AmqpClient } from "../harness/amqp-client.ts";
import { HEADER } from "../harness/amqp-wire.ts";
import { whileOthersWork } from "../harness/health.ts";
import { useInstance } from "../harness/instance.ts";
import { eventually, pause, within } from "../harness/waiting.ts";
import { edits, intoConnector, withoutAuthentication } from "../harness/xml.ts";
import { Coordinator, post } from "./coordinator.ts";

interface Composite {
  described(): unknown;
}

const require = createRequire(import.meta.url);
const frames = require("rhea/lib/frames.js") as Record<
  "open" | "begin" | "attach" | "flow" | "transfer" | "disposition" | "detach" | "end",
  (fields: object) => Composite
> & {
  write_frame(frame: unknown): Buffer;
  amqp_frame(channel: number, performative: unknown, payload?: Buffer): unknown;
};
const terminus = require("rhea/lib/terminus.js") as Record<
  "source" | "target",
  (fields: object) => Composite
>;
const { message: codec } = rhea as unknown as { message: { encode(message: object): Buffer } };

const RESIDENT_MAX_MIB = 450;
const SESSION = {
  next_incoming_id: 0,
  incoming_window: 0xffff_ffff,
  next_outgoing_id: 0,
  outgoing_window: 1,
};

function frame(performative: Composite, payload?: Buffer, channel = 0): Buffer {
  return frames.write_frame(frames.amqp_frame(channel, performative.described(), payload));
}

function attachSender(handle: number, name: string, address: string): Buffer {
  const [source, target] = [terminus.source({}), terminus.target({ address })];
  const ends = { source: source.described(), target: target.described() };
  return frame(frames.attach({ name, handle, role: false, ...ends, initial_delivery_count: 0 }));
}

function attachReceiver(handle: number, name: string, address: string): Buffer {
  const [source, target] = [terminus.source({ address }), terminus.target({})];
  return frame(
    frames.attach({ name, handle, role: true, source: source.described(), target: target.described() }),
  );
}

/** Ends a client's socket without a word. rhea learns of it by an error only, and else keeps its heart beating. */
async function vanish({ connection }: AmqpClient): Promise<void> {
  await pause(50); // what it still wants to write would wake it up again
  const inside = connection as unknown as { socket: Socket; heartbeat_out?: NodeJS.Timeout };
  inside.socket.destroy(new Error("vanished"));
  await pause(50);
  clearTimeout(inside.heartbeat_out);
}

/** A client that says what it likes, as fast as the socket takes it, and reads nothing but how much came. */
class Rude {
  readonly socket: Socket;
  received = 0;
  ended = false;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (chunk: Buffer) => {
      this.received += chunk.length;
    });
    for (const name of ["end", "close", "error"]) {
      this.socket.on(name, () => {
        this.ended = true;
      });
    }
  }

  async say(...pieces: readonly Uint8Array[]): Promise<void> {
    if (this.ended) return;
    const flushed = new Promise<void>((resolve) => {
      this.socket.once("close", () => resolve());
      this.socket.write(Buffer.concat(pieces), () => resolve());
    });
    await Promise.race([flushed, pause(2_000)]); // who does not read may not be read
  }

  async open(): Promise<void> {
    const begin = frames.begin({ next_outgoing_id: 0, incoming_window: 0xffff_ffff, outgoing_window: 100 });
    await this.say(HEADER.amqp, frame(frames.open({ container_id: "rude" })), frame(begin));
    await eventually("the broker's answer", () => this.received > 50);
  }

  /** What comes has stopped coming. */
  async quiet(): Promise<void> {
    let before = -1;
    while (before !== this.received) {
      before = this.received;
      await pause(150);
    }
  }

  drop(): void {
    this.socket.destroy();
  }
}

describe("AMQP clients that mean no good", () => {
  const limits = intoConnector("tcp", '<amqp links_max="1000" connect_timeout="2000" die_delay="500"/>');
  const broker = useInstance({
    xml: edits(withoutAuthentication, limits, (xml) =>
      xml.replace("<virtual_host ", '<virtual_host memory_limit="64m" transaction_limit="2m" '),
    ),
  });
  const port = (): number => broker.now.port("tcp");
  const others = (work: () => Promise<void>): Promise<void> =>
    whileOthersWork(broker.now, RESIDENT_MAX_MIB, work);

  async function rude(): Promise<Rude> {
    const one = new Rude(port());
    await one.open();
    return one;
  }

  it("2.5 sessions begun and ended, links attached and detached, without an end", async () => {
    await others(async () => {
      const one = await rude();
      const begin = frames.begin({ next_outgoing_id: 0, incoming_window: 1, outgoing_window: 1 });
      const cycle = Buffer.concat([frame(begin, undefined, 1), frame(frames.end({}), undefined, 1)]);
      const links = [
        attachReceiver(0, "cycle", "queue://rude.cycle"),
        frame(frames.detach({ handle: 0, closed: true })),
      ];
      for (let round = 0; round < 20; round += 1) {
        await one.say(...Array.from({ length: 500 }, () => cycle));
        await one.say(...Array.from({ length: 500 }, () => links).flat());
      }
      await one.quiet();
      assert.equal(one.ended, false);
      one.drop();
    });
  });

  it("2.6 more links than allowed are refused one by one, with long names", async () => {
    await others(async () => {
      const one = await rude();
      for (let channel = 0; channel < 3; channel += 1) {
        const begin = frames.begin({ next_outgoing_id: 0, incoming_window: 1, outgoing_window: 1 });
        if (channel > 0) await one.say(frame(begin, undefined, channel));
        for (let handle = 0; handle < 1_000; handle += 1) {
          const name = `${channel}-${handle}`.padEnd(4_000, "x");
          const attach = attachSender(handle, name, `topic://rude.link.${handle}`);
          attach.writeUInt16BE(channel, 6);
          await one.say(attach);
        }
      }
      await one.quiet();
      assert.equal(one.ended, false);
      one.drop();
    });
  });

  it("2.6.7 storms of drains and echoes, whose answers are read or not", async () => {
    for (const reads of [true, false]) {
      await others(async () => {
        const one = await rude();
        await one.say(attachReceiver(0, "storm", "queue://rude.storm"));
        if (!reads) one.socket.pause();
        const flows = [true, false].map((drain) =>
          frame(
            frames.flow({
              ...SESSION,
              handle: 0,
              delivery_count: 0,
              link_credit: 0xffff_ffff,
              drain,
              echo: true,
            }),
          ),
        );
        for (let round = 0; round < 40 && !one.ended; round += 1)
          await one.say(...Array.from({ length: 2_500 }, () => flows).flat());
        if (reads) await one.quiet();
        one.drop();
      });
    }
  });

  it("2.7.6 dispositions over everything, again and again, over thousands that stay unsettled", async () => {
    await others(async () => {
      const producer = await AmqpClient.connect(broker.now);
      const sender = await producer.sender({ target: "queue://rude.unsettled", snd_settle_mode: 1 });
      const one = await rude();
      await one.say(attachReceiver(0, "greedy", "queue://rude.unsettled"));
      await one.say(
        frame(frames.flow({ ...SESSION, handle: 0, delivery_count: 0, link_credit: 0xffff_ffff })),
      );
      for (let at = 0; at < 20_000; ) {
        if (!sender.sendable()) await new Promise((resolve) => sender.once("sendable", resolve));
        else {
          sender.send({ body: "unsettled".repeat(20) });
          at += 1;
        }
      }
      await eventually("most of the messages", () => one.received > 20_000 * 150);
      await one.quiet();
      const all = [
        frame(frames.disposition({ role: true, first: 0, last: 0x7fff_ffff })),
        frame(frames.disposition({ role: true, first: 0x4000_0000, last: 0x7fff_ffff, settled: true })),
      ];
      const start = Date.now();
      for (let round = 0; round < 20; round += 1)
        await one.say(...Array.from({ length: 1_000 }, () => all).flat());
      await one.quiet();
      assert.ok(Date.now() - start < 15_000);
      one.drop();
      const inbox = await producer.receiver("queue://rude.unsettled", 20_000);
      for (let at = 0; at < 20_000; at += 1) (await inbox.next()).delivery.accept();
      await producer.close();
    });
  });

  it("4.2 transactions that are never discharged, until the client is gone", async () => {
    await others(async () => {
      const clients = await Promise.all(Array.from({ length: 10 }, () => AmqpClient.connect(broker.now)));
      for (const client of clients) {
        const coordinator = await Coordinator.open(client);
        const sender = await client.sender("queue://rude.transactions");
        for (let at = 0; at < 5; at += 1) {
          const txn = await coordinator.declare();
          for (let sent = 0; sent < 4; sent += 1) await post(sender, "x".repeat(60_000), txn);
        }
      }
      await Promise.all(clients.map(vanish));
      const client = await AmqpClient.connect(broker.now);
      await client.send("queue://rude.transactions", "after");
      await (await client.receiver("queue://rude.transactions")).expect("after");
      await client.close();
    });
  });

  it("2.7.5 clients that vanish in the middle of a message leave nothing", async () => {
    await others(async () => {
      const piece = Buffer.alloc(1_000_000, 1);
      for (let round = 0; round < 30; round += 1) {
        const one = await rude();
        await one.say(attachSender(0, "half", "queue://rude.half"));
        await eventually("credit", () => one.received > 200);
        const transfer = frames.transfer({
          handle: 0,
          delivery_id: 0,
          delivery_tag: Buffer.from("t"),
          more: true,
        });
        for (let at = 0; at < 4; at += 1) await one.say(frame(transfer, piece));
        one.drop();
      }
      const client = await AmqpClient.connect(broker.now);
      await client.send("queue://rude.half", "whole");
      await (await client.receiver("queue://rude.half")).expect("whole");
      await client.close();
    });
  });

  it("1.6 frames that claim more than they have, before Open and after", async () => {
    await others(async () => {
      const huge = Buffer.from("063fffff02000000", "hex");
      const all = Array.from({ length: 100 }, async (_, at) => {
        const one = new Rude(port());
        if (at % 2 === 0) await one.open();
        else await one.say(HEADER.amqp);
        await one.say(huge, Buffer.alloc(1_000));
        if (at % 2 !== 0) await eventually("the end", () => one.ended);
        one.drop();
      });
      await Promise.all(all);
      const nulls = Buffer.from("f0000000050001000040", "hex");
      const list = Buffer.alloc(9);
      const content = Buffer.concat(Array.from({ length: 6_000 }, () => nulls));
      list[0] = 0xd0;
      list.writeUInt32BE(content.length + 4, 1);
      list.writeUInt32BE(6_000, 5);
      const head = Buffer.from("00000000020000000053", "hex");
      head.writeUInt32BE(head.length + 1 + list.length + content.length, 0);
      const bombs = Array.from({ length: 30 }, async () => {
        const one = new Rude(port());
        await one.say(HEADER.amqp, head, Buffer.from([0x10]), list, content);
        await eventually("the end", () => one.ended);
        one.drop();
      });
      await Promise.all(bombs);
    });
  });

  it("5.3 hundreds that stay in the middle of SASL or Open are gone in time", async () => {
    await others(async () => {
      const beginnings = [
        HEADER.sasl.subarray(0, 4),
        HEADER.sasl,
        HEADER.amqp,
        Buffer.concat([HEADER.sasl, Buffer.from("0000003002010000", "hex")]),
      ];
      const all = Array.from({ length: 200 }, (_, at) => {
        const one = new Rude(port());
        void one.say(beginnings[at % beginnings.length]!);
        return one;
      });
      await within(
        eventually("the end of all", () => all.every(({ ended }) => ended)),
        "the end of all",
        15_000,
      );
      for (const one of all) one.drop();
    });
  });

  it("2.6.7 a slow reader with all the credit there is", async () => {
    await others(async () => {
      const one = await rude();
      await one.say(attachReceiver(0, "slow", "queue://rude.slow"));
      await one.say(
        frame(frames.flow({ ...SESSION, handle: 0, delivery_count: 0, link_credit: 0xffff_ffff })),
      );
      one.socket.pause();
      const producer = await AmqpClient.connect(broker.now);
      const sender = await producer.sender({ target: "queue://rude.slow", snd_settle_mode: 1 });
      const body = codec.encode({ body: "x".repeat(32_000) }).toString("latin1");
      for (let at = 0; at < 4_000; ) {
        if (at % 500 === 0) await pause(1);
        if (!sender.sendable())
          await Promise.race([new Promise((resolve) => sender.once("sendable", resolve)), pause(3_000)]);
        if (!sender.sendable()) break; // the queue is full: the producer waits, and nobody else does
        sender.send({ body });
        at += 1;
      }
      one.drop();
      await vanish(producer);
    });
  });

  it("2.6.1 two connections of a container that take a durable link from each other", async () => {
    await others(async () => {
      const [first, second] = await Promise.all(
        ["thieves", "thieves"].map((containerId) => AmqpClient.connect(broker.now, { containerId })),
      );
      const source = { address: "topic://rude.stolen", durable: 2, expiry_policy: "never" };
      for (let round = 0; round < 100; round += 1) {
        const client = round % 2 === 0 ? first! : second!;
        await client.receiver({ name: "loot", source }, 10);
        if (round > 0) {
          const { condition } = await (round % 2 === 0 ? second! : first!).errors.take("the loss");
          assert.equal(condition, "amqp:link:stolen");
        }
      }
      await first!.send("topic://rude.stolen", { body: "kept", durable: true });
      const last = await first!.receiver({ name: "loot", source }, 10);
      await last.expect("kept");
      for (const client of [first!, second!]) await client.close();
    });
  });
});
