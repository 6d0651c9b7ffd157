import { connect, type Socket } from "node:net";
import { packet, text } from "./load.ts";
import { cpuUsOf, type Measured, residentKbOf } from "./process-costs.ts";

/** What idle connections cost a process. */
export interface ConnectionCosts {
  readonly connectsPerSecond: number;
  /** CPU of one connect with its subscription; undefined where the system does not say. */
  readonly cpuUs: number | undefined;
  /** Resident memory of one connection; undefined where the system does not say. */
  readonly memoryKb: number | undefined;
}

/** Connects under way at a time. */
const PARALLEL = 64;
/** Addresses they come from: one has 28,000 ports, and looking for a free one among few takes the kernel long. */
const SOURCES = 16;
const SETTLE_MS = 1_000;

/** Opens so many MQTT connections, each with a subscription of its own, and closes them again. */
export async function measureConnections({ port, pid }: Measured, count: number): Promise<ConnectionCosts> {
  const sockets: Socket[] = [];
  const cpuBefore = cpuUsOf(pid);
  const memoryBefore = residentKbOf(pid);
  const start = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const at = next;
      next += 1;
      sockets.push(await subscribed(port, at));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  const seconds = (performance.now() - start) / 1_000;
  const cpuAfter = cpuUsOf(pid);
  await wait(SETTLE_MS);
  const memoryAfter = residentKbOf(pid);
  for (const socket of sockets) socket.destroy();
  await wait(SETTLE_MS);
  return {
    connectsPerSecond: count / seconds,
    cpuUs: each(cpuBefore, cpuAfter, count),
    memoryKb: each(memoryBefore, memoryAfter, count),
  };
}

/** One line of the report. */
export function costsLine(name: string, { connectsPerSecond, cpuUs, memoryKb }: ConnectionCosts): string {
  const rate = Math.round(connectsPerSecond).toLocaleString("en").padStart(8);
  const cpu = (cpuUs?.toFixed(0) ?? "?").padStart(6);
  const memory = (memoryKb?.toFixed(1) ?? "?").padStart(6);
  return `${name.padEnd(20)} ${cpu} µs of CPU each, ${memory} KB each, ${rate} connects a second\n`;
}

async function subscribed(port: number, at: number): Promise<Socket> {
  const localAddress = `127.0.0.${1 + (at % SOURCES)}`;
  const socket = connect({ host: "127.0.0.1", port, localAddress, noDelay: true });
  const head = Buffer.from([4, 0xc2, 1, 0x2c]);
  socket.write(packet(0x10, text("MQTT"), head, text(`idle${at}`), text("admin"), text("password")));
  await answer(socket, 0x20);
  socket.write(packet(0x82, Buffer.from([0, 1]), text(`idle/${at}`), Buffer.from([0])));
  await answer(socket, 0x90);
  return socket;
}

async function answer(socket: Socket, first: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("data", (bytes: Buffer) => {
      socket.off("error", reject);
      if (bytes[0] === first) resolve();
      else reject(new Error(`the answer begins with 0x${bytes[0]?.toString(16)}`));
    });
  });
}

function each(before: number | undefined, after: number | undefined, count: number): number | undefined {
  return before === undefined || after === undefined ? undefined : (after - before) / count;
}

async function wait(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
