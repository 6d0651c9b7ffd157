import { readFileSync } from "node:fs";

/** Version of the software, from the package's own manifest. */
export function softwareVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
