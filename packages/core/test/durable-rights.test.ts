import assert from "node:assert/strict";
import { test } from "node:test";
import type { Action, Authorizer, Identity, Resource } from "@tsapollo/domain";
import { FakeClock, settled } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS, type HostSettings } from "../src/index.ts";
import { dsub, startHostOn, type TestClient, TestConsumer, type TestHost, topic } from "./harness.ts";
import { Disk, SimpleStore } from "./simple-store.ts";

/** Lets users see the topics whose names begin with theirs, through one connector only. */
class OwnTopics implements Authorizer {
  generation = 0;
  readonly #connectorId: string;
  /** Who may see everything. */
  readonly masters: Set<string> = new Set(["master"]);

  constructor(connectorId = "tcp") {
    this.#connectorId = connectorId;
  }

  can(
    { userName, principals }: Identity,
    action: Action,
    { kind, path }: Resource,
    connectorId: string,
  ): boolean {
    if (kind !== "topic" || action !== "receive") return true;
    const isIn = principals.some(({ name }) => name === "users");
    if (connectorId !== this.#connectorId || !isIn) return false;
    return this.masters.has(userName ?? "") || path?.[0] === userName;
  }
}

const PERSISTENT = { persistent: true };
const PROMPT: Partial<HostSettings> = { flushDelayMs: -1 };

async function start(
  disk: Disk,
  authorizer?: Authorizer,
  settings: Partial<HostSettings> = PROMPT,
): Promise<TestHost<SimpleStore>> {
  return startHostOn(new SimpleStore(disk), new FakeClock(), settings, authorizer);
}

async function stop(host: TestHost<SimpleStore>): Promise<void> {
  await settled();
  await host.engine.stop();
  host.store.kill();
}

function admit({ engine }: TestHost<SimpleStore>, userName: string): Pick<TestClient, "host"> {
  const producer = { confirmed: () => undefined, resumed: () => undefined };
  return engine.admit({ principals: [{ kind: "group", name: "users" }], userName }, "tcp", producer);
}

/** Binds a durable subscription to everything, as somebody. */
function bind(host: TestHost<SimpleStore>, userName: string): void {
  const subscription = admit(host, userName).host.subscribe(
    { addresses: [topic("**")], durable: dsub("d") },
    new TestConsumer(),
  );
  subscription.cancel();
}

async function collected(host: TestHost<SimpleStore>): Promise<readonly string[]> {
  const consumer = new TestConsumer();
  consumer.auto = true;
  host.client().host.subscribe({ addresses: [dsub("d")] }, consumer);
  for (let at = 0; at < 20; at += 1) await settled();
  return consumer.bodies;
}

function sendAll(host: TestHost<SimpleStore>, suffix: string): void {
  const { send } = host.client();
  for (const name of ["ann.x", "bob.x"]) send(topic(name), `${name}${suffix}`, PERSISTENT);
}

test("after a restart a durable subscription sees what whoever bound it may see, by the rules of the moment", async () => {
  const disk = new Disk();
  const first = await start(disk, new OwnTopics());
  bind(first, "ann");
  sendAll(first, "1");
  await stop(first);
  const rules = new OwnTopics();
  const second = await start(disk, rules);
  sendAll(second, "2");
  rules.masters.add("ann");
  sendAll(second, "3");
  rules.generation += 1;
  sendAll(second, "4");
  assert.deepEqual(await collected(second), ["ann.x1", "ann.x2", "ann.x3", "ann.x4", "bob.x4"]);
});

test("the connector that whoever bound it came through counts after a restart, too; without rules all is seen", async () => {
  const disk = new Disk();
  const first = await start(disk, new OwnTopics());
  bind(first, "ann");
  await stop(first);
  const second = await start(disk, new OwnTopics("tls"));
  sendAll(second, "1");
  assert.deepEqual(await collected(second), []);
  await stop(second);
  const third = await start(disk);
  sendAll(third, "2");
  assert.deepEqual(await collected(third), ["ann.x2", "bob.x2"]);
});

test("who binds it last counts, also when nothing else changes", async () => {
  const disk = new Disk();
  const first = await start(disk, new OwnTopics());
  bind(first, "master");
  await settled();
  bind(first, "bob");
  await stop(first);
  const second = await start(disk, new OwnTopics());
  sendAll(second, "1");
  assert.deepEqual(await collected(second), ["bob.x1"]);
});

for (const { what, before } of [
  { what: "of an older version", before: { topics: ["**"] } },
  { what: "bound while nobody was asked who he is", before: undefined },
]) {
  test(`with rules a stored durable subscription ${what} collects nothing until somebody attaches`, async () => {
    const disk = new Disk();
    if (before !== undefined) {
      const description = { queueId: 1, key: "dsub:d", description: JSON.stringify(before) };
      disk.queues.set(1, { description, lastSequence: 0, entries: new Map() });
    } else {
      const open = await start(disk);
      const producer = { confirmed: () => undefined, resumed: () => undefined };
      const { host } = open.engine.admit(undefined, "tcp", producer);
      host.subscribe({ addresses: [topic("**")], durable: dsub("d") }, new TestConsumer()).cancel();
      await stop(open);
    }
    const again = await start(disk, new OwnTopics());
    sendAll(again, "1");
    bind(again, "ann");
    sendAll(again, "2");
    assert.deepEqual(await collected(again), ["ann.x2"]);
  });
}

test("what the configuration binds collects everything, also after restarts and from older stores", async () => {
  const disk = new Disk();
  const description = { queueId: 1, key: "dsub:d", description: JSON.stringify({ topics: ["**"] }) };
  disk.queues.set(1, { description, lastSequence: 0, entries: new Map() });
  const configured = {
    filter: ["d"],
    settings: DEFAULT_QUEUE_SETTINGS,
    idRegex: undefined,
    topics: [topic("**")],
    messages: undefined,
  };
  for (const suffix of ["1", "2"]) {
    const host = await start(disk, new OwnTopics(), { ...PROMPT, dsubs: [configured] });
    sendAll(host, suffix);
    assert.deepEqual(await collected(host), [`ann.x${suffix}`, `bob.x${suffix}`]);
    await stop(host);
  }
});
