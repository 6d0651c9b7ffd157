import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import {
  type LoadedEntry,
  Message,
  type MessageCodec,
  type MessageStore,
  type UnitOfWork,
} from "@tsapollo/domain";
import { LevelStore } from "@tsapollo/store-level";

const CODEC: MessageCodec = {
  id: "bench",
  property: () => undefined,
  toNeutral: (message) => ({ body: message.body(), properties: new Map() }),
};
const QUEUE_ID = 1;
const UNIT = 200;
const PAGE_ENTRIES = 1_000;

/** What is measured: how many messages of which size, and where. */
export interface StoreRun {
  readonly messages: number;
  readonly bytes: number;
  /** A new folder below it is used and removed. */
  readonly folder?: string;
}

/** Fills a queue, opens the store again, drains the queue by pages, and fills and drains at the same time. */
export async function storeRun({ messages, bytes, folder = tmpdir() }: StoreRun): Promise<string> {
  const directory = mkdtempSync(join(folder, "tsapollo-bench-"));
  const lines = [
    `${messages.toLocaleString("en")} messages of ${bytes} bytes, ${UNIT} a unit, each unit synced`,
  ];
  const make = (): MessageStore => new LevelStore({ directory, codecs: () => CODEC, failIfLocked: true });
  let store = make();
  try {
    await store.open();
    lines.push(await timed("fill", messages, directory, () => fill(store, 1, messages, bytes)));
    await store.close();
    const opened = performance.now();
    store = make();
    await store.open();
    await store.queues();
    lines.push(`  open again  ${(performance.now() - opened).toFixed(0)} ms`);
    lines.push(await timed("read + drain", messages, directory, () => drain(store, 1, messages)));
    lines.push(
      await timed("fill, drain at once", messages, directory, async () => {
        await fill(store, messages + 1, 2 * messages, bytes, true);
      }),
    );
    await store.close();
    store = make();
    await store.open();
    lines.push(`  disk after draining  ${(diskBytes(directory) / 2 ** 20).toFixed(1)} MiB`);
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
  return `${lines.join("\n")}\n`;
}

async function timed(
  name: string,
  messages: number,
  directory: string,
  work: () => Promise<void>,
): Promise<string> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1_000;
  delay.disable();
  const rate = Math.round(messages / seconds).toLocaleString("en");
  const disk = (diskBytes(directory) / 2 ** 20).toFixed(0);
  const memory = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
  const pause = (delay.max / 1e6).toFixed(0);
  return `  ${name.padEnd(20)} ${rate.padStart(9)} a second, event loop held ${pause} ms at most, disk ${disk} MiB, memory ${memory} MiB`;
}

function diskBytes(folder: string): number {
  let sum = 0;
  for (const name of readdirSync(folder))
    sum += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return sum;
}

async function committed(unit: UnitOfWork): Promise<void> {
  await new Promise<void>((done, fail) =>
    unit.commit((error) => (error === undefined ? done() : fail(error))),
  );
}

async function fill(
  store: MessageStore,
  from: number,
  to: number,
  bytes: number,
  drainsToo = false,
): Promise<void> {
  const content = Buffer.alloc(bytes, "The quick brown fox jumps over the lazy dog. ");
  let longest = 0;
  for (let first = from; first <= to; first += UNIT) {
    const unit = store.begin();
    if (first === 1) unit.putQueue({ queueId: QUEUE_ID, key: "queue:bench", description: "{}" });
    for (let sequence = first; sequence < first + UNIT; sequence++) {
      const messageId = unit.storeMessage(messageOf(content));
      unit.enqueue(QUEUE_ID, messageId, {
        sequence,
        sizeBytes: bytes,
        expiresAtMs: 0,
        redeliveryCount: 0,
        via: undefined,
        retained: false,
        transient: false,
      });
      const old = sequence - 10 * UNIT;
      if (drainsToo && old >= from) {
        unit.dequeue(QUEUE_ID, { sequence: old, messageId: 0, sizeBytes: bytes, transient: false });
      }
    }
    const start = performance.now();
    await committed(unit);
    longest = Math.max(longest, performance.now() - start);
  }
  process.stdout.write(`  (longest commit ${longest.toFixed(0)} ms)\n`);
  if (drainsToo) await drain(store, to - 10 * UNIT + 1, to);
}

function messageOf(content: Buffer): Message {
  return new Message({
    codec: CODEC,
    bytes: content,
    start: 0,
    bodyStart: 0,
    bodyEnd: content.length,
    end: content.length,
    borrowed: false,
    persistent: true,
    retain: "none",
    expiresAtMs: 0,
    priority: 4,
    groupKey: undefined,
  });
}

async function drain(store: MessageStore, from: number, to: number): Promise<void> {
  const bounds = { to: Number.MAX_SAFE_INTEGER, maxEntries: PAGE_ENTRIES, maxBytes: 4 * 2 ** 20 };
  let longest = 0;
  let next: Promise<readonly LoadedEntry[]> = store.page(QUEUE_ID, { ...bounds, from });
  for (let done = from - 1; done < to; ) {
    const page = await next;
    if (page.length === 0) throw new Error(`the queue ended at ${done}`);
    done = page.at(-1)!.sequence;
    next = store.page(QUEUE_ID, { ...bounds, from: done + 1 });
    for (let at = 0; at < page.length; at += UNIT) {
      const unit = store.begin();
      for (const entry of page.slice(at, at + UNIT)) unit.dequeue(QUEUE_ID, entry);
      const start = performance.now();
      await committed(unit);
      longest = Math.max(longest, performance.now() - start);
    }
  }
  await next;
  process.stdout.write(`  (longest commit ${longest.toFixed(0)} ms)\n`);
}
