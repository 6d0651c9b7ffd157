import { DEFAULT_HOST_SETTINGS, HostEngine, PathTree } from "@tsapollo/core";
import {
  Address,
  type Clock,
  type Consumer,
  type Delivery,
  Message,
  type MessageCodec,
  type Producer,
  parseId,
  SILENT_LOGGER,
} from "@tsapollo/domain";
import { MemoryStore } from "@tsapollo/store-memory";
import { type Measurement, measure } from "../measure.ts";

const CODEC: MessageCodec = {
  id: "bench",
  property: () => undefined,
  toNeutral: (message) => ({ body: message.body(), properties: new Map() }),
};
const BYTES = new Uint8Array(64);
const CLOCK: Clock = { nowMs: () => 1, after: () => ({ cancel: () => undefined }) };
const PRODUCER: Producer = { confirmed: () => undefined, resumed: () => undefined };

class Sink implements Consumer {
  readonly #settles: boolean;
  count = 0;
  constructor(settles: boolean) {
    this.#settles = settles;
  }
  offer(delivery: Delivery): boolean {
    this.count += 1;
    if (this.#settles) delivery.settle("consumed");
    return true;
  }
  ended(): void {}
}

function message(): Message {
  const common = {
    persistent: false,
    retain: "none",
    expiresAtMs: 0,
    priority: 4,
    groupKey: undefined,
  } as const;
  return new Message({
    codec: CODEC,
    bytes: BYTES,
    start: 0,
    bodyStart: 4,
    bodyEnd: 64,
    end: 64,
    borrowed: false,
    ...common,
  });
}

async function newHost(): Promise<HostEngine> {
  const store = new MemoryStore();
  const parts = {
    id: "bench",
    brokerId: "bench",
    settings: DEFAULT_HOST_SETTINGS,
    stores: true,
    authorizer: undefined,
    codecs: () => undefined,
    makeFilter: (text: string) => ({ text, matches: () => true }),
  };
  const host = new HostEngine({ ...parts, store, clock: CLOCK, logger: SILENT_LOGGER });
  await host.start();
  return host;
}

/** Cost of one message through a topic, by subscribers. */
export async function topicPublish(): Promise<Measurement[]> {
  const found: Measurement[] = [];
  for (const subscribers of [1, 50]) {
    const host = await newHost();
    const { host: client } = host.admit(undefined, "bench", PRODUCER);
    const address = new Address("topic", ["a", "b"]);
    for (let at = 0; at < subscribers; at += 1) client.subscribe({ addresses: [address] }, new Sink(false));
    const name = `topic publish and offer, ${subscribers} subscribers, per delivery`;
    found.push(
      measure(name, 1_000 * subscribers, () => {
        for (let at = 0; at < 1_000; at += 1) client.publish(address, message(), 0);
      }),
    );
  }
  return found;
}

/** Cost of one message through a queue with consumers that settle at once, by consumers. */
export async function queueDispatch(): Promise<Measurement[]> {
  const found: Measurement[] = [];
  for (const consumers of [1, 10, 1_000]) {
    const host = await newHost();
    const { host: client } = host.admit(undefined, "bench", PRODUCER);
    const address = new Address("queue", ["q"]);
    for (let at = 0; at < consumers; at += 1) client.subscribe({ addresses: [address] }, new Sink(true));
    found.push(
      measure(`queue enqueue, dispatch, settle, ${consumers} consumers`, 1_000, () => {
        for (let at = 0; at < 1_000; at += 1) client.publish(address, message(), 0);
      }),
    );
  }
  return found;
}

/** Cost of a publish while many other destinations exist. */
export async function idleDestinations(): Promise<Measurement[]> {
  const host = await newHost();
  const { host: client } = host.admit(undefined, "bench", PRODUCER);
  for (let at = 0; at < 100_000; at += 1)
    client.publish(new Address("topic", ["idle", String(at)]), message(), 0);
  const address = new Address("topic", ["a", "b"]);
  client.subscribe({ addresses: [address] }, new Sink(false));
  return [
    measure("topic publish beside 100,000 idle topics", 1_000, () => {
      for (let at = 0; at < 1_000; at += 1) client.publish(address, message(), 0);
    }),
  ];
}

/** Cost of matching a name, not remembered, against many patterns. */
export function topicMatch(): Measurement[] {
  const found: Measurement[] = [];
  for (const count of [1_000, 100_000, 1_000_000]) {
    const tree = new PathTree<number>();
    for (let at = 0; at < count; at += 1) {
      const kind = at % 4;
      const tail = kind === 0 ? "*" : kind === 1 ? "**" : kind === 2 ? "x.*" : "temperature";
      tree.add(parseId(`site${at % 1_000}.room${at}.${tail}`), at);
    }
    const names = Array.from({ length: 1_000 }, (_, at) => [`site${at % 1_000}`, `room${at}`, "temperature"]);
    const into = new Set<number>();
    found.push(
      measure(`match a new name against ${count.toLocaleString("en")} patterns`, names.length, () => {
        for (const name of names) {
          into.clear();
          tree.match(name, into);
        }
      }),
    );
  }
  return found;
}
