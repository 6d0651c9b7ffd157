// npm run check: formatting and lint, types, package boundaries, and the look over the source tree.
import { run } from "./run.mjs";

run("npx", ["biome", "ci", "."]);
run("npx", ["tsc", "-b"]);
run("npx", ["turbo", "boundaries"]);
run(process.execPath, ["--test", "test/dist/architecture/tidy.test.js"]);
