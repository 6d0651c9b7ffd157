import assert from "node:assert/strict";
import { describe, it } from "node:test";
import mqtt, { type MqttClient } from "mqtt";
import rhea from "rhea";
import { AmqpClient, bodyText } from "../harness/amqp-client.ts";
import { type Instance, useInstance } from "../harness/instance.ts";
import { MqttWire } from "../harness/mqtt-wire.ts";
import { StompWire } from "../harness/stomp-wire.ts";
import { Mailbox } from "../harness/waiting.ts";
import { withoutAuthentication } from "../harness/xml.ts";

const { wrap_ulong: wrapUlong } = (rhea as unknown as { types: { wrap_ulong(value: number): unknown } })
  .types;

/** A question as its receiver sees it: where to answer in his own syntax, and what to answer with. */
interface Question {
  readonly body: string;
  readonly replyTo: string;
  readonly correlation: string;
}

/** One side of an exchange, in the protocol's own words. Topics are given as their levels. */
interface Party {
  /** Listens to a topic; what comes is a question, or an answer. */
  listen(levels: readonly string[]): Promise<Mailbox<Question>>;
  /** Asks on one topic to be answered on another. */
  ask(to: readonly string[], body: string, answers: readonly string[], correlation: string): Promise<void>;
  /** Answers in the words of the question. */
  answer(question: Question, body: string): Promise<void>;
  leave(): Promise<void>;
}

async function amqpParty(broker: Instance): Promise<Party> {
  const client = await AmqpClient.connect(broker);
  const nameOf = (levels: readonly string[]): string => `topic://${percent(levels)}`;
  const anonymous = await client.sender({ target: {} });
  return {
    async listen(levels) {
      const box = new Mailbox<Question>();
      const inbox = await client.receiver(nameOf(levels), 100);
      inbox.receiver.on("message", ({ message }) => {
        const { reply_to, correlation_id } = message!;
        box.put({
          body: bodyText(message!),
          replyTo: reply_to ?? "",
          correlation: String(correlation_id ?? ""),
        });
      });
      return box;
    },
    async ask(to, body, answers, correlation) {
      const message = { to: nameOf(to), body, reply_to: nameOf(answers), correlation_id: correlation };
      assert.equal(await client.send(anonymous, message), "accepted");
    },
    async answer({ replyTo, correlation }, body) {
      const message = { to: replyTo, body, correlation_id: correlation };
      assert.equal(await client.send(anonymous, message), "accepted");
    },
    leave: () => client.close(),
  };
}

async function stompParty(broker: Instance): Promise<Party> {
  const stomp = await StompWire.connect(broker);
  const nameOf = (levels: readonly string[]): string => `/topic/${percent(levels)}`;
  // a connection of its own for receipts, so that they and messages do not meet
  const sending = await StompWire.connect(broker);
  return {
    async listen(levels) {
      const box = new Mailbox<Question>();
      await stomp.subscribe("0", nameOf(levels));
      const next = async (): Promise<void> => {
        const frame = await stomp.expect("MESSAGE");
        const { body } = frame;
        const [replyTo = "", correlation = ""] = [frame.header("reply-to"), frame.header("correlation-id")];
        box.put({ body: body.toString(), replyTo, correlation });
      };
      void next().catch(() => undefined);
      return box;
    },
    ask: (to, body, answers, correlation) =>
      sending.syncSend(nameOf(to), body, { "reply-to": nameOf(answers), "correlation-id": correlation }),
    answer: ({ replyTo, correlation }, body) =>
      sending.syncSend(replyTo, body, { "correlation-id": correlation }),
    async leave() {
      await stomp.drop();
      await sending.drop();
    },
  };
}

async function mqtt5Party(broker: Instance): Promise<Party> {
  const options = { protocolVersion: 5, reconnectPeriod: 0 } as const;
  const client: MqttClient = await mqtt.connectAsync(`mqtt://localhost:${broker.port("tcp")}`, options);
  return {
    async listen(levels) {
      const box = new Mailbox<Question>();
      client.on("message", (_topic, body, { properties }) => {
        const correlation = properties?.correlationData?.toString() ?? "";
        box.put({ body: body.toString(), replyTo: properties?.responseTopic ?? "", correlation });
      });
      await client.subscribeAsync(levels.join("/"), { qos: 1 });
      return box;
    },
    async ask(to, body, answers, correlation) {
      const properties = { responseTopic: answers.join("/"), correlationData: Buffer.from(correlation) };
      await client.publishAsync(to.join("/"), body, { qos: 1, properties });
    },
    async answer({ replyTo, correlation }, body) {
      const properties = { correlationData: Buffer.from(correlation) };
      await client.publishAsync(replyTo, body, { qos: 1, properties });
    },
    leave: () => client.endAsync(),
  };
}

/** MQTT 3.1.1 has no place for where to answer: both sides know it, and say what they mean in the body. */
async function mqtt4Party(broker: Instance): Promise<Party> {
  const [listening, sending] = [await MqttWire.connect(broker), await MqttWire.connect(broker)];
  return {
    async listen(levels) {
      const box = new Mailbox<Question>();
      await listening.subscribe(levels.join("/"), 1);
      const next = async (): Promise<void> => {
        const { body } = await listening.message();
        box.put({ body: body.toString(), replyTo: "", correlation: "" });
      };
      void next().catch(() => undefined);
      return box;
    },
    ask: (to, body) => sending.publish(to.join("/"), body, 1),
    answer: ({ replyTo }, body) => sending.publish(replyTo, body, 1),
    async leave() {
      await listening.disconnect();
      await sending.disconnect();
    },
  };
}

interface Kind {
  readonly name: string;
  readonly join: (broker: Instance) => Promise<Party>;
  /** How this protocol's clients read the topic `answers/so.cool é/<n>`. */
  readonly spell: (levels: readonly string[]) => string;
  readonly says: boolean;
}

/** How AMQP and STOMP spell levels: what is special is percent-encoded. */
function percent(levels: readonly string[]): string {
  return levels.map((level) => level.replaceAll(".", "%2e").replaceAll("é", "%c3%a9")).join(".");
}

const KINDS: readonly Kind[] = [
  { name: "AMQP", join: amqpParty, spell: (levels) => `topic://${percent(levels)}`, says: true },
  { name: "STOMP", join: stompParty, spell: (levels) => `/topic/${percent(levels)}`, says: true },
  { name: "MQTT 5.0", join: mqtt5Party, spell: (levels) => levels.join("/"), says: true },
  { name: "MQTT 3.1.1", join: mqtt4Party, spell: (levels) => levels.join("/"), says: false },
];

describe("requests and responses between all protocols [messaging 20, REC]", { concurrency: true }, () => {
  const broker = useInstance({ xml: withoutAuthentication });
  let count = 0;
  for (const requester of KINDS) {
    for (const responder of KINDS) {
      count += 1;
      const number = String(count);
      it(`${requester.name} asks, ${responder.name} answers`, async () => {
        const [asking, answering] = [await requester.join(broker.now), await responder.join(broker.now)];
        const [questionsAt, answersAt] = [
          ["questions", number],
          ["answers", "so.cool é", number],
        ];
        const questions = await answering.listen(questionsAt);
        const answers = await asking.listen(answersAt);
        await asking.ask(questionsAt, "?", answersAt, `c:${number}`);
        const question = await questions.take("the question");
        assert.equal(question.body, "?");
        const isSaid = requester.says && responder.says;
        if (isSaid) {
          assert.equal(question.replyTo, responder.spell(answersAt));
          assert.equal(question.correlation.replace("\\c", ":"), `c:${number}`);
        }
        await answering.answer({ ...question, replyTo: question.replyTo || responder.spell(answersAt) }, "!");
        const answer = await answers.take("the answer");
        assert.equal(answer.body, "!");
        if (isSaid) assert.equal(answer.correlation.replace("\\c", ":"), `c:${number}`);
        await asking.leave();
        await answering.leave();
      });
    }
  }

  it("an AMQP client's temporary topic is told to MQTT 5.0; a number as correlation id returns as one", async () => {
    const client = await AmqpClient.connect(broker.now);
    const answers = await client.receiver({ source: { dynamic: true, capabilities: ["temporary-topic"] } });
    const responder = await mqtt5Party(broker.now);
    const questions = await responder.listen(["questions", "temporary"]);
    await client.send("topic://questions.temporary", {
      body: "?",
      reply_to: String(answers.source["address"]),
      correlation_id: wrapUlong(7) as never,
    });
    const question = await questions.take("the question");
    assert.match(question.replyTo, /^temp\/.+\/1$/);
    await responder.answer(question, "!");
    assert.equal((await answers.expect("!")).correlation_id, 7);
    await responder.leave();
    await client.close();
  });

  it("a STOMP client's temporary topic is told to MQTT 5.0", async () => {
    const stomp = await StompWire.connect(broker.now);
    await stomp.subscribe("0", "/temp-topic/answers");
    const responder = await mqtt5Party(broker.now);
    const questions = await responder.listen(["questions", "stomp-temporary"]);
    stomp.asyncSend("/topic/questions.stomp-temporary", "?", { "reply-to": "/temp-topic/answers" });
    await responder.answer(await questions.take("the question"), "!");
    await stomp.message("!");
    await responder.leave();
    await stomp.drop();
  });

  it("MQTT 5.0's correlation data of any bytes returns from AMQP as it was", async () => {
    const options = { protocolVersion: 5, reconnectPeriod: 0 } as const;
    const client = await mqtt.connectAsync(`mqtt://localhost:${broker.now.port("tcp")}`, options);
    const box = new Mailbox<Buffer>();
    client.on("message", (_topic, _body, { properties }) => box.put(properties!.correlationData!));
    await client.subscribeAsync("answers/bytes");
    const responder = await AmqpClient.connect(broker.now);
    const inbox = await responder.receiver("topic://questions.bytes");
    const correlationData = Buffer.from([0xff, 0, 1, 0x80]);
    const properties = { responseTopic: "answers/bytes", correlationData };
    await client.publishAsync("questions/bytes", "?", { qos: 1, properties });
    const { reply_to, correlation_id } = await inbox.expect("?");
    await responder.send(reply_to!, { body: "!", correlation_id: correlation_id! });
    assert.deepEqual(await box.take("the answer"), correlationData);
    await client.endAsync();
    await responder.close();
  });
});
