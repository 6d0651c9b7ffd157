import { readFileSync } from "node:fs";

/** A process under load, as Linux accounts for it. */
export interface Measured {
  readonly port: number;
  readonly pid: number;
  /** Ends it and clears up. */
  stop(): Promise<void>;
}

/** CPU time a process used so far, in microseconds; undefined where the system does not say. */
export function cpuUsOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    const ticksPerSecond = 100; // what Linux reports in, whatever the kernel's own clock is
    return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond;
  } catch {
    return undefined;
  }
}

/** Resident memory of a process, in KB; undefined where the system does not say. */
export function residentKbOf(pid: number): number | undefined {
  try {
    const found = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}
