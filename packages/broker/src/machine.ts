import { readFileSync } from "node:fs";
import { release, type } from "node:os";

/** Operating system as the start-up line shows it: `Linux 6.1.0 (Debian GNU/Linux 12 (bookworm))`. */
export function operatingSystem(): string {
  const name = `${type()} ${release()}`;
  const distribution = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(textOf("/etc/os-release"))?.[1];
  return distribution === undefined ? name : `${name} (${distribution})`;
}

/** Files and sockets this process may have open; undefined when the system does not say. */
export function openFileLimit(): number | undefined {
  const limit = /^Max open files\s+(\d+)/m.exec(textOf("/proc/self/limits"))?.[1];
  return limit === undefined ? undefined : Number(limit);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
