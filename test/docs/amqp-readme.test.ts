import assert from "node:assert/strict";

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { emptyFolder } from "../harness/command-line.ts";
import { useInstance } from "../harness/instance.ts";
import { needing, PROTON, Program, PYTHON } from "../harness/programs.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const README = readFileSync(join(ROOT, "packages/protocol-amqp/README.md"), "utf8");

/** The only block of a language in the README of AMQP. */
function block(language: string): string {
  const found = [...README.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)\`\`\`$`, "gm"))];
  assert.equal(found.length, 1, `one block in ${language}`);
  return found[0]![1]!;
}

describe("the examples of the README of AMQP", () => {
  const broker = useInstance();

  async function run(program: string, file: string, text: string): Promise<void> {
    writeFileSync(file, text.replaceAll("61613", String(broker.now.port("tcp"))));
    const running = new Program(program, [file]);
    assert.equal(await running.line(), "hello");
    assert.equal(await running.exit(), 0, running.errors);
  }

  it("Python, with Qpid Proton", needing(PROTON), async () => {
    await run(PYTHON, join(emptyFolder(), "example.py"), block("python"));
  });

  it("Node, with rhea", async () => {
    const require = `const require = (await import("node:module")).createRequire(${JSON.stringify(join(ROOT, "test", "x.js"))});\n`;
    await run(process.execPath, join(emptyFolder(), "example.mjs"), require + block("js"));
  });
});
