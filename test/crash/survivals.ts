import assert from "node:assert/strict";
import type { Instance } from "../harness/instance.ts";
import { StompChat } from "../harness/stomp-chat.ts";
import type { Headers } from "../harness/stomp-wire.ts";

/** Something that outlives the process. */
export interface Survival {
  readonly name: string;
  /** In the first life. It ends when what matters is confirmed; the broker is killed then. */
  before(broker: Instance): Promise<void>;
  /** In the second life. */
  after(broker: Instance): Promise<void>;
}

/** Does something over one STOMP connection, which stays open: who is killed takes no leave. */
async function over(broker: Instance, work: (chat: StompChat) => Promise<void>): Promise<void> {
  await work(await StompChat.connect(broker));
}

async function sendAll(chat: StompChat, destination: string, bodies: readonly string[], more: Headers = {}) {
  for (const body of bodies) await chat.send(destination, body, more);
}

/** A subscriber gets these, and then nothing more. */
async function expectExactly(chat: StompChat, destination: string, bodies: readonly string[]): Promise<void> {
  chat.wire.send("SUBSCRIBE", { id: destination, destination, ack: "client-individual" });
  for (const body of bodies) await chat.message(body);
  await chat.nothingMore();
}

/** Over STOMP. */
export const STOMP_SURVIVALS: readonly Survival[] = [
  {
    name: "sequences go on",
    before: (broker) => over(broker, (chat) => sendAll(chat, "/queue/sequences", ["1", "2", "3"])),
    after: (broker) =>
      over(broker, async (chat) => {
        await chat.send("/queue/sequences", "4");
        chat.wire.send("SUBSCRIBE", {
          id: "x",
          destination: "/queue/sequences",
          "include-seq": "seq",
          "from-seq": 3,
        });
        assert.equal((await chat.message("3")).header("seq"), "3");
        assert.equal((await chat.message("4")).header("seq"), "4");
      }),
  },
  {
    name: "sequences go on although all messages were taken",
    before: (broker) =>
      over(broker, async (chat) => {
        await sendAll(chat, "/queue/taken", ["1", "2"]);
        chat.wire.send("SUBSCRIBE", { id: "x", destination: "/queue/taken", ack: "client" });
        await chat.message("1");
        await chat.sync("ACK", chat.wire.ackHeaders(await chat.message("2")));
      }),
    after: (broker) =>
      over(broker, async (chat) => {
        chat.wire.send("SUBSCRIBE", { id: "x", destination: "/queue/taken", "include-seq": "seq" });
        chat.wire.asyncSend("/queue/taken", "3");
        assert.equal((await chat.message("3")).header("seq"), "3");
      }),
  },
  {
    name: "what was acknowledged is gone, the rest is in order, redeliveries are counted on",
    before: (broker) =>
      over(broker, async (chat) => {
        await sendAll(chat, "/queue/counted", ["1", "2", "3"]);
        chat.wire.send("SUBSCRIBE", { id: "x", destination: "/queue/counted", ack: "client-individual" });
        await chat.message("1");
        await chat.sync("ACK", chat.wire.ackHeaders(await chat.message("2")));
        const third = await chat.message("3");
        chat.wire.send("NACK", chat.wire.ackHeaders(third));
        await chat.sync("NACK", chat.wire.ackHeaders(await chat.message("3")));
      }),
    after: (broker) =>
      over(broker, async (chat) => {
        chat.wire.send("SUBSCRIBE", { id: "x", destination: "/queue/counted", ack: "client-individual" });
        assert.equal((await chat.message("1")).header("redeliveries"), undefined);
        assert.equal((await chat.message("3")).header("redeliveries"), "2");
      }),
  },
  {
    name: "a message that nobody can use is in the dead letter queue, once",
    before: (broker) =>
      over(broker, async (chat) => {
        await chat.send("/queue/mortal.a", "bad");
        chat.wire.send("SUBSCRIBE", { id: "x", destination: "/queue/mortal.a", ack: "client-individual" });
        await chat.sync("NACK", chat.wire.ackHeaders(await chat.message("bad")));
      }),
    after: (broker) =>
      over(broker, async (chat) => {
        chat.wire.send("SUBSCRIBE", { id: "x", destination: "/queue/mortal.a" });
        await expectExactly(chat, "/queue/dead.mortal.a", ["bad"]);
      }),
  },
  {
    name: "transactions: committed ones, and nothing of others [messaging 12]",
    before: (broker) =>
      over(broker, async (chat) => {
        const both = ["/queue/tx.a", "/queue/tx.b"];
        for (const transaction of ["open", "kept"]) {
          chat.wire.send("BEGIN", { transaction });
          for (const one of both) chat.wire.asyncSend(one, transaction, { persistent: "true", transaction });
        }
        await chat.sync("COMMIT", { transaction: "kept" });
      }),
    after: (broker) =>
      over(broker, async (chat) => {
        await expectExactly(chat, "/queue/tx.a", ["kept"]);
        await expectExactly(chat, "/queue/tx.b", ["kept"]);
      }),
  },
  {
    name: "a durable subscription with its topics and its selector [messaging 7]",
    before: (broker) =>
      over(broker, async (chat) => {
        const destination = "/topic/bound.a,/topic/bound.b.**";
        const durably = { id: "bound", persistent: "true", selector: "color = 'red'", ack: "client" };
        await chat.sync("SUBSCRIBE", { ...durably, destination });
        await chat.sync("UNSUBSCRIBE", { id: "bound" });
        await chat.send("/topic/bound.a", "before", { color: "red" });
      }),
    after: (broker) =>
      over(broker, async (chat) => {
        chat.wire.asyncSend("/topic/bound.b.c.d", "red", { persistent: "true", color: "red" });
        chat.wire.asyncSend("/topic/bound.b.c.d", "blue", { persistent: "true", color: "blue" });
        chat.wire.asyncSend("/topic/bound.c", "elsewhere", { persistent: "true", color: "red" });
        await chat.send("/dsub/bound", "direct", { color: "red" });
        await expectExactly(chat, "/dsub/bound", ["before", "red", "direct"]);
      }),
  },
  {
    name: "that a durable subscription was ended",
    before: (broker) =>
      over(broker, async (chat) => {
        await chat.sync("SUBSCRIBE", { id: "ended", destination: "/topic/ended", persistent: "true" });
        await chat.send("/topic/ended", "x");
        await chat.message("x");
        await chat.sync("UNSUBSCRIBE", { id: "ended", persistent: "true" });
      }),
    after: (broker) =>
      over(broker, async (chat) => {
        chat.wire.send("SUBSCRIBE", { id: "x", destination: "/dsub/ended" });
        await chat.wire.expectError("Durable subscription does not exist");
      }),
  },
  {
    name: "retained messages: the newest, and that one was removed [messaging 9]",
    before: (broker) =>
      over(broker, async (chat) => {
        for (const body of ["old", "new"]) {
          await chat.send("/topic/kept.a", body, { retain: "set" });
          await chat.send("/topic/kept.b", body, { retain: "set" });
        }
        await chat.send("/topic/kept.b", "", { retain: "remove" });
      }),
    after: (broker) =>
      over(broker, async (chat) => {
        await expectExactly(chat, "/topic/kept.*", ["new"]);
      }),
  },
  {
    name: "delayed messages: they come at their time, in order",
    before: (broker) =>
      over(broker, async (chat) => {
        await chat.send("/queue/delayed", "2", { delay: 1_500 });
        await chat.send("/queue/delayed", "1", { delay: 1_000 });
        await chat.send("/topic/kept.delayed", "far", { delay: 3_600_000 });
      }),
    after: (broker) =>
      over(broker, async (chat) => {
        await expectExactly(chat, "/queue/delayed", ["1", "2"]);
      }),
  },
  {
    name: "expirations: what expired meanwhile does not come",
    before: (broker) =>
      over(broker, async (chat) => {
        await sendAll(chat, "/queue/expiring", ["short"], { expires: Date.now() + 50 });
        await chat.send("/queue/expiring", "long", { expires: Date.now() + 3_600_000 });
      }),
    after: (broker) =>
      over(broker, async (chat) => {
        await expectExactly(chat, "/queue/expiring", ["long"]);
      }),
  },
  {
    name: "nothing that was not to be kept",
    before: (broker) =>
      over(broker, async (chat) => {
        await chat.send("/queue/mixed", "1", { persistent: "false" });
        await chat.send("/queue/mixed", "2");
      }),
    after: (broker) =>
      over(broker, async (chat) => {
        await expectExactly(chat, "/queue/mixed", ["2"]);
      }),
  },
];
