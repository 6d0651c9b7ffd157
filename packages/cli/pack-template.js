// Before packing, the published package gets its own copy of the template folder; afterwards it goes again.
import { cpSync, rmSync } from "node:fs";

const copy = new URL("instances-template/", import.meta.url);
const original = new URL("../../instances-template/", import.meta.url);

rmSync(copy, { recursive: true, force: true });
if (!process.argv.includes("--remove")) cpSync(original, copy, { recursive: true });
