import assert from "node:assert/strict";
import type { Frame } from "../harness/stomp-frame.ts";
import type { StompWire } from "../harness/stomp-wire.ts";
import { edits, intoConnector, intoHost, withoutAuthentication, type XmlEdit } from "../harness/xml.ts";

/** Destinations of Apollo's fixture F2, but for those of UDP and of a real store; below what the scenarios K, IT and OW add. */
const DESTINATIONS = `
  <queue id="quota.**" quota="10k"/>
  <topic id="quota.**" slow_consumer_policy="queue"><subscription quota="10k"/></topic>
  <queue id="nacker.**" dlq="dlq.*" dlq_expired="true" nak_limit="2"/>
  <queue id="mirrored.**" mirrored="true"/>
  <topic id="queued.**" slow_consumer_policy="queue"><subscription tail_buffer="4k"/></topic>
  <queue id="noroundrobin.**" round_robin="false"/>
  <queue id="drop.head.persistent" full_policy="drop head" quota="100k"/>
  <queue id="drop.tail.persistent" full_policy="drop tail" quota="100k"/>
  <queue id="drop.head.non" full_policy="drop head" tail_buffer="100k" persistent="false"/>
  <queue id="drop.tail.non" full_policy="drop tail" tail_buffer="100k" persistent="false"/>

  <queue id="quota-1.**" quota="1"/>
  <queue id="nacker-1.**" dlq="dlq.*" nak_limit="1"/>
  <queue id="nacker-drop.**" nak_limit="2"/>
  <queue id="few.**" quota_messages="3"/>
  <queue id="slow.**" max_enqueue_rate="20k"/>
  <queue id="urgent.**" priority="true"/>
  <queue id="made.queue"/>
  <topic id="made.topic"/>
  <dsub id="made.dsub" topic="made.red" selector="color='red'"><topic>made.more.*</topic></dsub>
  <dsub id_regex="^nacker" nak_limit="1" dlq="dlq.*"/>`;

const STOMP = '<stomp add_redeliveries_header="redeliveries"/>';

/** What is in memory only. */
const withoutStore: XmlEdit = (xml) => xml.replace(/<leveldb_store[^>]*\/>/, "");

const f2: XmlEdit = edits(withoutAuthentication, intoConnector("tcp", STOMP), intoHost(DESTINATIONS));

/** Fixtures F1, whose queues store nothing, and F2, whose queues do. */
export const FIXTURES: readonly { readonly name: string; readonly xml: XmlEdit }[] = [
  { name: "F1", xml: edits(f2, withoutStore) },
  { name: "F2", xml: f2 },
];

/** Fixture F2. */
export const F2: XmlEdit = f2;

/** Next messages, whichever subscription they are for. */
export async function messages(wire: StompWire, count: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (let i = 0; i < count; i++) frames.push(await wire.expect("MESSAGE", `message ${i + 1} of ${count}`));
  return frames;
}

/** Next messages must be these. */
export async function expectBodies(wire: StompWire, ...bodies: readonly string[]): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (const body of bodies) frames.push(await wire.message(body));
  return frames;
}

/** What was on its way to this client would come before the answer. */
export async function expectNothing(wire: StompWire): Promise<void> {
  await wire.syncSend("/topic/nobody.listens", "");
  assert.equal(wire.waiting, 0);
}

/** The end of a browse. [messaging 15.7] */
export async function expectBrowserEnd(wire: StompWire, id: string): Promise<void> {
  const { lines, text } = await wire.expect("MESSAGE", `the end of browser ${id}`);
  assert.deepEqual(lines.slice(0, 4), [`subscription:${id}`, "destination:", "message-id:", "browser:end"]);
  assert.equal(text, "");
}

/** Sends one after the other. */
export async function sendAll(
  wire: StompWire,
  destination: string,
  bodies: readonly string[],
  headers: Readonly<Record<string, string | number>> = {},
): Promise<void> {
  for (const body of bodies) await wire.syncSend(destination, body, headers);
}
