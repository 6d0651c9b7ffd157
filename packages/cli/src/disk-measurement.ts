import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  writeSync,
} from "node:fs";

const MIB = 1024 * 1024;
const CHECK_MS = 10;

/** What is to be measured, and on which file. */
export interface DiskPlan {
  /** Does not exist yet; removed at the end. */
  readonly file: string;
  readonly blockBytes: number;
  readonly fileBytes: number;
  readonly warmUpBytes: number;
  /** The two sizes as they were asked for. */
  readonly fileText: string;
  readonly warmUpText: string;
  readonly intervalMs: number;
}

/** How many blocks went through in which time. */
export interface Sample {
  readonly count: number;
  readonly ms: number;
}

/** The three measurements. */
export interface DiskResult {
  readonly asyncWrites: Sample;
  readonly syncWrites: Sample;
  readonly reads: Sample;
}

/**
 * Measures as Apollo does: writes without and with a sync after each block, then reads. [instance 1.7]
 * @param say gets what it is doing
 */
export function measureDisk(plan: DiskPlan, say: (line: string) => void): DiskResult {
  const { file, fileBytes, fileText, warmUpBytes } = plan;
  const descriptor = openSync(file, "wx+");
  try {
    say(`Benchmark using data file: ${realpathSync(file)}`);
    say(`Pre-allocating data file of size: ${fileText}`);
    ftruncateSync(descriptor, fileBytes);
    writeSync(descriptor, Buffer.from("z"), 0, 1, fileBytes - 1);
    fsyncSync(descriptor);
    return new Measuring(plan, descriptor, say).run(warmUpBytes);
  } finally {
    closeSync(descriptor);
    rmSync(file, { force: true });
  }
}

class Measuring {
  readonly #plan: DiskPlan;
  readonly #descriptor: number;
  readonly #say: (line: string) => void;
  readonly #block: Buffer;
  #limit: number;
  #at = 0;
  #wrapped = false;

  constructor(plan: DiskPlan, descriptor: number, say: (line: string) => void) {
    this.#plan = plan;
    this.#descriptor = descriptor;
    this.#say = say;
    this.#block = Buffer.alloc(plan.blockBytes, "abcdefghijklmnopqrstuvwxyz");
    this.#limit = plan.fileBytes;
  }

  run(warmUpBytes: number): DiskResult {
    this.#say(
      `Warming up... writing async ${this.#plan.warmUpText} so that async writes don't have that much of an advantage due to the OS write cache.`,
    );
    for (let written = 0; written < warmUpBytes; written += this.#block.length) this.#write();
    this.#say("Benchmarking async writes");
    const asyncWrites = this.#sample(() => this.#write());
    this.#say(
      "Syncing previous writes before measuring sync write performance.. (might take a while if your OS has a big write cache)",
    );
    fsyncSync(this.#descriptor);
    this.#say("Benchmarking sync writes");
    const syncWrites = this.#sample(() => {
      this.#write();
      fdatasyncSync(this.#descriptor);
    });
    if (!this.#wrapped) {
      this.#limit = this.#at;
      this.#say(
        `File was not fully written, read benchmark will be operating against: ${this.#at / MIB} megs of data`,
      );
    }
    this.#at = 0;
    this.#say("Benchmarking reads");
    const reads = this.#sample(() => this.#read());
    this.#say("Closing.");
    return { asyncWrites, syncWrites, reads };
  }

  #write(): void {
    this.#at += writeSync(this.#descriptor, this.#block, 0, this.#block.length, this.#next());
  }

  #read(): void {
    this.#at += readSync(this.#descriptor, this.#block, 0, this.#block.length, this.#next());
  }

  #next(): number {
    if (this.#at + this.#block.length > this.#limit) {
      this.#at = 0;
      this.#wrapped = true;
    }
    return this.#at;
  }

  #sample(step: () => void): Sample {
    const start = performance.now();
    const end = start + this.#plan.intervalMs;
    let count = 0;
    let now = start;
    for (let check = 1; now < end; ) {
      for (let turn = 0; turn < check; turn++) step();
      count += check;
      const before = now;
      now = performance.now();
      // the clock is read about every 10 ms
      if (now - before < CHECK_MS / 2) check *= 2;
      else if (now - before > CHECK_MS * 2) check = Math.max(1, Math.floor(check / 2));
    }
    return { count, ms: now - start };
  }
}

/** The report, as Apollo prints it. */
export function diskReport({ asyncWrites, syncWrites, reads }: DiskResult, blockBytes: number): string {
  return `${[
    "Async writes: ",
    ...lines(asyncWrites, blockBytes, "writes", "written"),
    "Sync writes: ",
    ...lines(syncWrites, blockBytes, "writes", "written"),
    "Reads: ",
    ...lines(reads, blockBytes, "reads", "read"),
  ].join("\n")}\n`;
}

function lines({ count, ms }: Sample, blockBytes: number, what: string, done: string): string[] {
  const seconds = Math.round(ms) / 1_000;
  const rate = count / (ms / 1_000);
  return [
    `  ${count} ${what} of size ${blockBytes} ${done} in ${seconds} seconds.`,
    `  ${Math.fround(rate).toPrecision(8)} ${what}/second.`,
    `  ${Math.fround((rate * blockBytes) / MIB).toPrecision(8)} megs/second.`,
    "",
  ];
}
