#!/usr/bin/env node
// The command line of tsapollo. An instance's bin/broker starts this file too, with TSAPOLLO_BASE set.
import { existsSync } from "node:fs";

const OLDEST_NODE = [20, 19];

const [major, minor] = process.versions.node.split(".").map(Number);
const built = new URL("../dist/src/index.js", import.meta.url);

if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `tsapollo needs Node.js ${OLDEST_NODE.join(".")} or newer; this is ${process.version}\n`,
  );
  process.exitCode = 1;
} else if (!existsSync(built)) {
  process.stderr.write("tsapollo is not built yet: run 'npm run build' in its folder first\n");
  process.exitCode = 1;
} else {
  const { runProcess } = await import(built.href);
  await runProcess();
}
