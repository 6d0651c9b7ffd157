import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { emptyFolder, tsapollo } from "./support.ts";

const QUICK = ["--sample-interval=40", "--file-size=1m", "--warm-up-size=64k"];
const RATES = "\\d+(\\.\\d+)?(e\\+\\d+)?";

function sample(what: string, done: string): string {
  return `  \\d+ ${what} of size 4096 ${done} in ${RATES} seconds\\.\n  ${RATES} ${what}/second\\.\n  ${RATES} megs/second\\.\n\n`;
}

test("disk-benchmark prints what Apollo prints and removes its file [instance 1.7]", (t) => {
  const folder = emptyFolder(t);
  const { code, stdout, stderr } = tsapollo(folder, "disk-benchmark", ...QUICK);
  assert.equal(code, 0, stderr);
  const lines = [
    `Benchmark using data file: ${join(folder, "disk-benchmark.dat")}\n`,
    "Pre-allocating data file of size: 1m\n",
    "Warming up\\.\\.\\. writing async 64k so that async writes don't have that much of an advantage due to the OS write cache\\.\n",
    "Benchmarking async writes\n",
    "Syncing previous writes before measuring sync write performance\\.\\. \\(might take a while if your OS has a big write cache\\)\n",
    "Benchmarking sync writes\n",
    "(File was not fully written, read benchmark will be operating against: [\\d.]+ megs of data\n)?",
    "Benchmarking reads\nClosing\\.\n",
    `Async writes: \n${sample("writes", "written")}`,
    `Sync writes: \n${sample("writes", "written")}`,
    `Reads: \n${sample("reads", "read")}`,
  ];
  assert.match(stdout, new RegExp(`^${lines.join("")}$`));
  assert.equal(existsSync(join(folder, "disk-benchmark.dat")), false);
});

test("disk-benchmark leaves a file alone that exists [instance 1.7]", (t) => {
  const folder = emptyFolder(t);
  writeFileSync(join(folder, "mine"), "precious");
  const { code, stdout } = tsapollo(folder, "disk-benchmark", ...QUICK, "mine");
  assert.equal(code, 0);
  assert.equal(stdout, "File mine already exists, will not benchmark.\n");
  assert.equal(readFileSync(join(folder, "mine"), "utf8"), "precious");
});

for (const { words, text } of [
  {
    words: ["--block-size=x"],
    text: /^tsapollo: --block-size x is wrong: write a size such as 4k or 500m\n/,
  },
  { words: ["--file-size=-1"], text: /^tsapollo: --file-size -1 is wrong/ },
  { words: ["--sample-interval=0"], text: /^tsapollo: --sample-interval 0 is wrong: write milliseconds/ },
  {
    words: ["--file-size=1k", "--block-size=4k"],
    text: /^tsapollo: --block-size is wrong: a block must fit/,
  },
  { words: ["no/such/folder/file"], text: /^ERROR: ENOENT/ },
  { words: ["--verbose", "no/such/folder/file"], text: /^ERROR:\nError: ENOENT[\s\S]*\n {4}at / },
]) {
  test(`disk-benchmark ${words.join(" ")} is an error`, (t) => {
    const { code, stderr } = tsapollo(emptyFolder(t), "disk-benchmark", ...QUICK, ...words);
    assert.equal(code, 1);
    assert.match(stderr, text);
  });
}
