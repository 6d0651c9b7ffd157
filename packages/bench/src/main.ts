import { BrokerProcess } from "./macro/broker-process.ts";
import { costsLine, measureConnections } from "./macro/connections.ts";
import { runLoad } from "./macro/load.ts";
import { cpuUsOf } from "./macro/process-costs.ts";
import { startRelay } from "./macro/relay-process.ts";
import { type Measurement, reportLine } from "./measure.ts";
import { amqpTransfer } from "./micro/amqp.ts";
import { mqttDecode, stompDecode } from "./micro/codecs.ts";
import { idleDestinations, queueDispatch, topicMatch, topicPublish } from "./micro/core.ts";
import { storeRun } from "./store/level.ts";

const MICRO: readonly (() => Measurement[] | Promise<Measurement[]>)[] = [
  stompDecode,
  mqttDecode,
  amqpTransfer,
  topicPublish,
  queueDispatch,
  idleDestinations,
  topicMatch,
];

const LOAD = { pairs: 20, payloadBytes: 64, warmUpMs: 1_500, measuredMs: 4_000, window: 1_000 } as const;

const CONNECTIONS = 5_000;

async function micro(): Promise<void> {
  process.stdout.write("Parts, per operation: best of 7 rounds\n\n");
  for (const one of MICRO) for (const found of await one()) process.stdout.write(reportLine(found));
}

async function macro(): Promise<void> {
  process.stdout.write(
    `\nWhole: MQTT QoS 0, ${LOAD.pairs} publishers, ${LOAD.pairs} subscribers, ${LOAD.payloadBytes} bytes\n\n`,
  );
  const broker = await BrokerProcess.start();
  try {
    let cpuBefore: number | undefined;
    const { delivered, seconds } = await runLoad({ port: broker.port, ...LOAD }, () => {
      cpuBefore = cpuUsOf(broker.pid);
    });
    const cpuAfter = cpuUsOf(broker.pid);
    process.stdout.write(`${Math.round(delivered / seconds).toLocaleString("en")} messages a second`);
    if (cpuBefore !== undefined && cpuAfter !== undefined) {
      process.stdout.write(`, ${((cpuAfter - cpuBefore) / delivered).toFixed(2)} µs of broker CPU each`);
    }
    process.stdout.write(
      "\n(the load generator is a Node process too; for comparisons use one that costs less)\n",
    );
  } finally {
    await broker.stop();
  }
}

/** Idle connections of the broker beside those of a bare relay, in turn. */
async function connections(count: number): Promise<void> {
  process.stdout.write(`\n${count} idle MQTT connections, each with a subscription\n\n`);
  for (const [name, start] of [
    ["bare Node relay", startRelay],
    ["tsapollo", () => BrokerProcess.start()],
  ] as const) {
    const target = await start();
    try {
      process.stdout.write(costsLine(name, await measureConnections(target, count)));
    } finally {
      await target.stop();
    }
  }
}

const wanted = process.argv[2] ?? "all";
if (wanted === "all" || wanted === "micro") await micro();
if (wanted === "all" || wanted === "macro") await macro();
if (wanted === "all") await connections(CONNECTIONS);
if (wanted === "connections") await connections(Number(process.argv[3] ?? CONNECTIONS));
if (wanted === "all") {
  for (const bytes of [100, 1_024]) process.stdout.write(await storeRun({ messages: 400_000, bytes }));
}
if (wanted === "store") {
  const [bytes = "1024", messages = "1000000", folder] = process.argv.slice(3);
  const where = folder === undefined ? {} : { folder };
  process.stdout.write(await storeRun({ messages: Number(messages), bytes: Number(bytes), ...where }));
}
