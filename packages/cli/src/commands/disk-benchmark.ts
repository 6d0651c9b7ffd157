import { existsSync } from "node:fs";
import { totalmem } from "node:os";
import { resolve } from "node:path";
import { BrokerError } from "@tsapollo/domain";
import { type Call, type Command, UsageError } from "../command.ts";
import { type DiskPlan, diskReport, measureDisk } from "../disk-measurement.ts";

const MIB = 1024 * 1024;
const UNKNOWN_RAM = 500 * MIB;
const INTERVAL_MS_MAX = 24 * 3_600_000;

/** Measures the disk as Apollo does. [instance 1.7] */
export const diskBenchmark: Command = {
  name: "disk-benchmark",
  description: "Benchmarks your disk's speed",
  options: [
    { name: "verbose", doc: "Print the stack trace of an error" },
    {
      name: "sample-interval",
      value: "ms",
      doc: "Milliseconds of each of the three measurements; default: 30000",
    },
    { name: "block-size", value: "size", doc: "Bytes written or read at once; default: 4k" },
    { name: "file-size", value: "size", doc: "Size of the scratch file; default: as large as the memory" },
    {
      name: "warm-up-size",
      value: "size",
      doc: "What is written before measuring; default: 500M, or half the memory",
    },
  ],
  arguments: [
    {
      name: "file",
      required: false,
      doc: "The scratch file, which must not exist; default: disk-benchmark.dat",
    },
  ],
  async run(call) {
    const { stdout, stderr, workingFolder } = call.context;
    const file = resolve(workingFolder, call.words[0] ?? "disk-benchmark.dat");
    if (existsSync(file)) {
      stdout.write(`File ${call.words[0] ?? "disk-benchmark.dat"} already exists, will not benchmark.\n`);
      return 0;
    }
    const plan = { file, ...(await planOf(call)) };
    try {
      stdout.write(
        diskReport(
          measureDisk(plan, (line) => stdout.write(`${line}\n`)),
          plan.blockBytes,
        ),
      );
      return 0;
    } catch (error) {
      if (call.flags.get("verbose") !== true) throw error;
      stderr.write(`ERROR:\n${(error as Error).stack}\n`);
      return 1;
    }
  },
};

async function planOf({ values }: Call): Promise<Omit<DiskPlan, "file">> {
  const { formatMemorySize, parseMemorySize } = await import("@tsapollo/config");
  const size = (name: string, fallback: number): [bytes: number, text: string] => {
    const text = values.get(name) ?? formatMemorySize(fallback);
    try {
      const bytes = parseMemorySize(text);
      if (bytes >= 1) return [bytes, text];
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
    }
    throw new UsageError(`--${name} ${text} is wrong: write a size such as 4k or 500m`);
  };
  const memory = totalmem() || UNKNOWN_RAM;
  const intervalText = values.get("sample-interval") ?? "30000";
  const intervalMs = Number(intervalText);
  if (!/^\d+$/.test(intervalText) || intervalMs < 1 || intervalMs > INTERVAL_MS_MAX) {
    throw new UsageError(
      `--sample-interval ${intervalText} is wrong: write milliseconds, 1 to ${INTERVAL_MS_MAX}`,
    );
  }
  const [blockBytes] = size("block-size", 4 * 1024);
  const [fileBytes, fileText] = size("file-size", memory);
  const [warmUpBytes, warmUpText] = size("warm-up-size", Math.min(500 * MIB, Math.floor(memory / 2)));
  if (blockBytes > fileBytes) throw new UsageError("--block-size is wrong: a block must fit into the file");
  return { blockBytes, fileBytes, fileText, warmUpBytes, warmUpText, intervalMs };
}
