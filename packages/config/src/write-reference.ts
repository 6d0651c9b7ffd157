import { writeFileSync } from "node:fs";
import { configReference } from "./reference.ts";

/** Writes the reference: `node packages/config/dist/src/write-reference.js docs/reference/config.md`. */
const [, , file] = process.argv;
if (file !== undefined) writeFileSync(file, configReference());
