import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BrokerError } from "@tsapollo/domain";

/** Longer paths cannot be bound everywhere (`sun_path`). */
const PATH_BYTES_MAX = 100;

/**
 * Where a running broker takes commands from its own machine: a socket in the instance's `tmp`, a pipe on Windows. A
 * path that is too long for a socket is replaced by one in a folder of the user's own below the system's temporary one.
 * @throws BrokerError BAD_CONFIGURATION when that folder belongs to somebody else
 */
export function controlPath(base: string, platform: NodeJS.Platform = process.platform): string {
  const place = realpathSync(base);
  const hash = createHash("sha256").update(place).digest("hex").slice(0, 20);
  if (platform === "win32") return `\\\\.\\pipe\\tsapollo-${hash}`;
  const path = join(place, "tmp", "control.sock");
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return path;
  const folder = join(tmpdir(), `tsapollo-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new BrokerError(
      "BAD_CONFIGURATION",
      `'${folder}' must belong to you alone; remove it, or set TMPDIR`,
    );
  }
  return join(folder, `${hash}.sock`);
}
