import assert from "node:assert/strict";
import { Message, type MessageCodec, type ProtocolHandler, SILENT_LOGGER } from "@tsapollo/domain";
import { StompParser, type StompVersion } from "@tsapollo/stomp-parser";
import {
  FakeClock,
  type RecordedSubscription,
  type RecordingHost,
  settled,
  TestConnection,
  TestDelivery,
  TestReception,
} from "@tsapollo/testkit";
import { DEFAULT_STOMP_OPTIONS, StompAdapter, StompAddresses, type StompOptions } from "../src/index.ts";

/** A frame the handler wrote. */
export interface Reply {
  readonly command: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** A STOMP client in front of a handler, a recording host behind it. */
export class Harness {
  readonly clock: FakeClock = new FakeClock();
  readonly connection: TestConnection = new TestConnection();
  readonly reception: TestReception = new TestReception();
  readonly options: StompOptions;
  readonly addresses: StompAddresses;
  readonly adapter: StompAdapter;
  readonly handler: ProtocolHandler;

  constructor(options?: Partial<StompOptions>) {
    this.options = Object.freeze({ ...DEFAULT_STOMP_OPTIONS, ...options });
    this.addresses = new StompAddresses(this.options);
    this.adapter = new StompAdapter(this.options);
    const { reception, clock } = this;
    this.handler = this.adapter.createHandler(this.connection, { reception, clock, logger: SILENT_LOGGER });
    this.connection.attach(this.handler);
  }

  get host(): RecordingHost {
    return this.reception.host;
  }

  get lastSubscription(): RecordedSubscription {
    return this.host.subscriptions[this.host.subscriptions.length - 1]!;
  }

  /** Frames: `send("ACK", "id:1")`; a line without a colon is the body. */
  send(command: string, ...lines: string[]): void {
    const body = lines.filter((line) => !line.includes(":")).join("\n");
    const headers = lines.filter((line) => line.includes(":")).map((line) => `${line}\n`);
    this.connection.feed(`${command}\n${headers.join("")}\n${body}\0\n`);
  }

  /** Raw text the handler wrote since the last look. */
  raw(): string {
    return this.connection.output.take().toString("utf8");
  }

  /** Frames the handler wrote since the last look. */
  replies(): Reply[] {
    const replies: Reply[] = [];
    const parser = new StompParser((frame) => {
      const headers: [string, string][] = [];
      for (let index = 0; index < frame.headerCount; index += 1) {
        const name = Buffer.from(frame.bytes.subarray(frame.nameStart(index), frame.nameEnd(index)));
        headers.push([name.toString(), frame.value(index)]);
      }
      replies.push({ command: frame.commandText(), headers, body: Buffer.from(frame.body()).toString() });
    });
    parser.version = "1.1";
    parser.push(this.connection.output.take());
    assert.equal(parser.restBytes, 0, "whole frames only");
    return replies;
  }

  only(command: string): Reply {
    const replies = this.replies();
    assert.deepEqual(
      replies.map((reply) => reply.command),
      [command],
    );
    return replies[0]!;
  }

  /** Says CONNECT and takes the answer. */
  async connect(version: StompVersion = "1.2", ...lines: string[]): Promise<Reply> {
    this.send("CONNECT", `accept-version:${version}`, ...lines);
    await settled();
    return this.only("CONNECTED");
  }

  /** Checks that the connection ended with this ERROR. */
  failed(text: string): void {
    const replies = this.replies();
    const last = replies[replies.length - 1];
    assert.equal(last?.command, "ERROR");
    assert.equal(header(last, "message"), text);
    assert.equal(this.connection.state, "closing");
    assert.equal(this.connection.closeDelayMs, this.options.dieDelayMs);
    assert.equal(this.clock.timerCount, 0, "no timer stays behind");
    this.send("SEND", "destination:/queue/ignored");
    assert.deepEqual(this.replies(), [], "nothing is answered after an ERROR");
  }

  /** Publishes a SEND and takes the message that the host got. */
  published(...lines: string[]): Message {
    const before = this.host.published.length;
    this.send("SEND", ...lines);
    assert.equal(this.host.published.length, before + 1);
    return this.host.published[before]!.message;
  }

  /** A delivery of a message sent through this connection. */
  delivery(
    destination: string,
    rest?: ConstructorParameters<typeof TestDelivery>[2],
    ...lines: string[]
  ): TestDelivery {
    const message = this.published(`destination:${destination}`, ...lines);
    return new TestDelivery(message, this.addresses.parse(destination), rest);
  }

  /** Offers deliveries to the newest subscription and returns them. */
  offer(...deliveries: TestDelivery[]): TestDelivery[] {
    for (const delivery of deliveries) assert.equal(this.lastSubscription.consumer.offer(delivery), true);
    return deliveries;
  }
}

/** The first header with a name. */
export function header(reply: Reply | undefined, name: string): string | undefined {
  return reply?.headers.find(([key]) => key === name)?.[1];
}

export function names(reply: Reply): string[] {
  return reply.headers.map(([name]) => name);
}

/** A message of another protocol. */
export function foreignMessage(
  codec: Partial<MessageCodec>,
  body: string,
  rest?: Partial<ConstructorParameters<typeof Message>[0]>,
): Message {
  const bytes = Buffer.from(body);
  return new Message({
    codec: {
      id: "other",
      property: () => undefined,
      toNeutral: (message) => ({ body: message.body(), properties: new Map() }),
      ...codec,
    },
    bytes,
    start: 0,
    bodyStart: 0,
    bodyEnd: bytes.length,
    end: bytes.length,
    borrowed: false,
    persistent: false,
    retain: "none",
    expiresAtMs: 0,
    priority: 4,
    groupKey: undefined,
    ...rest,
  });
}
