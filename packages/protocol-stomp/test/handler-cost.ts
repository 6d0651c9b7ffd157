import { Address, type Delivery, type Message, SILENT_LOGGER, type VirtualHost } from "@tsapollo/domain";
import { FakeClock, RecordingHost, settled, TestConnection, TestReception } from "@tsapollo/testkit";
import { StompAdapter } from "../src/index.ts";

/** `node dist/test/handler-cost.js`: what a SEND in and a MESSAGE out cost without an engine, in ns. */
class CountingHost extends RecordingHost {
  count = 0;
  last: Message | undefined;
  override publish(_address: Address, message: Message): boolean {
    this.count += 1;
    this.last = message;
    return true;
  }
}

const ACK = Buffer.from("ACK\nid:0\n\n\0");
const clock = new FakeClock();
const reception = new TestReception();
const host = new CountingHost();
const login = reception.login.bind(reception);
reception.login = async (request) => ({ ...(await login(request)), host: host as VirtualHost });
const connection = new TestConnection();
const handler = new StompAdapter().createHandler(connection, { reception, clock, logger: SILENT_LOGGER });
connection.attach(handler);
connection.feed("CONNECT\naccept-version:1.2\n\n\0\n");
await settled();

function measure(name: string, each: number, run: () => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 8; round += 1) {
    const begin = process.hrtime.bigint();
    for (let turn = 0; turn < 200; turn += 1) run();
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / (200 * each));
  }
  console.log(`${name}: ${best.toFixed(0)} ns`);
}

for (const [name, headers, size] of [
  ["SEND, 64-byte body, id generated", "destination:/topic/orders.new\ncontent-length:64\n", 64],
  ["SEND, 64-byte body, id given", "destination:/topic/orders.new\nmessage-id:m-1\ncontent-length:64\n", 64],
  ["SEND, 1 KiB body, id generated", "destination:/topic/orders.new\ncontent-length:1024\n", 1024],
] as const) {
  const frame = `SEND\n${headers}\n${"x".repeat(size)}\0\n`;
  const each = Math.floor(60_000 / frame.length);
  const block = Buffer.from(frame.repeat(each));
  measure(name, each, () => handler.receive(block, 0, block.length, true));
}

connection.feed("SUBSCRIBE\nid:0\ndestination:/topic/orders.new\n\n\0\n");
connection.feed("SUBSCRIBE\nid:1\ndestination:/topic/orders.new\nack:client-individual\n\n\0\n");
const [auto, client] = host.subscriptions;
for (const size of [64, 1024]) {
  const body = "x".repeat(size);
  connection.feed(`SEND\ndestination:/topic/orders.new\ncontent-length:${size}\n\n${body}\0\n`, false);
  const message = host.last!;
  message.own();
  const delivery: Delivery = {
    message,
    address: new Address("topic", ["orders", "new"]),
    sequence: 1,
    redeliveryCount: 0,
    retained: false,
    settle: () => undefined,
  };
  measure(`MESSAGE, ${size}-byte body, auto`, 100, () => {
    for (let count = 0; count < 100; count += 1) auto!.consumer.offer(delivery);
    connection.output.used = 0;
  });
  measure(`MESSAGE, ${size}-byte body, and its ACK`, 100, () => {
    for (let count = 0; count < 100; count += 1) {
      client!.consumer.offer(delivery);
      handler.receive(ACK, 0, ACK.length, true);
    }
    connection.output.used = 0;
  });
}

connection.feed(
  "SUBSCRIBE\nid:2\ndestination:/topic/orders.new\nselector:color = 'red' AND size > 3\n\n\0\n",
);
const filter = host.subscriptions.pop()!.request.filter!;
for (const [name, headers] of [
  ["matches", "color:red\nsize:4\n"],
  ["does not", "color:blue\nsize:4\n"],
] as const) {
  connection.feed(`SEND\ndestination:/topic/orders.new\nmessage-id:m-1\n${headers}\nhi\0\n`, false);
  const message = host.last!;
  message.own();
  measure(`selector on two headers, ${name}`, 100, () => {
    for (let count = 0; count < 100; count += 1) filter.matches(message);
  });
}
