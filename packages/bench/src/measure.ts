/** One measured thing. */
export interface Measurement {
  readonly name: string;
  /** Nanoseconds per operation: the best and the median of the rounds. */
  readonly bestNs: number;
  readonly medianNs: number;
}

const ROUNDS = 7;
const ROUND_MS = 200;

/**
 * Measures a function that does `operations` operations per call: it is called until a round is over, several
 * rounds, the first one thrown away. The best round says most on a noisy machine.
 */
export function measure(name: string, operations: number, work: () => void): Measurement {
  const perOperation: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const start = process.hrtime.bigint();
    const end = start + BigInt(ROUND_MS) * 1_000_000n;
    let calls = 0;
    let now = start;
    while (now < end) {
      for (let at = 0; at < 8; at += 1) work();
      calls += 8;
      now = process.hrtime.bigint();
    }
    if (round > 0) perOperation.push(Number(now - start) / (calls * operations));
  }
  perOperation.sort((a, b) => a - b);
  return { name, bestNs: perOperation[0]!, medianNs: perOperation[ROUNDS >> 1]! };
}

/** A line of the report. */
export function reportLine({ name, bestNs, medianNs }: Measurement): string {
  return `${name.padEnd(58)} ${bestNs.toFixed(0).padStart(8)} ns  (median ${medianNs.toFixed(0)} ns)\n`;
}
