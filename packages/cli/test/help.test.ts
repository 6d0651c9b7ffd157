import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ENTRY, emptyFolder, runProgram, tsapollo } from "./support.ts";

const SUMMARY = `usage: tsapollo [--log <log_level>] <command> [<args>]

The most commonly used tsapollo commands are:
    create           creates a new broker instance
    disk-benchmark   Benchmarks your disk's speed
    help             Display help information
    version          Displays the broker version

See 'tsapollo help <command>' for more information on a specific command.
`;
const INSTANCE_SUMMARY = `usage: apollo-broker [--log <log_level>] <command> [<args>]

The most commonly used apollo-broker commands are:
    decrypt          decrypts a value
    disk-benchmark   Benchmarks your disk's speed
    encrypt          encrypts a value
    help             Display help information
    run              runs the broker instance
    store-backup     copies the message store while the broker runs, or while it is stopped
    store-export     exports the contents of a broker message store
    store-import     imports a previously exported message store
    version          Displays the broker version

See 'apollo-broker help <command>' for more information on a specific command.
`;
const VERSION_PAGE = `NAME
        tsapollo version - Displays the broker version

SYNOPSIS
        tsapollo [--log <log_level>] version

OPTIONS
        --log <log_level>
            Console logging level: NONE, FATAL, ERROR, WARN, INFO, DEBUG or
            TRACE; it stands before the command

`;
const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const VERSION = `${(manifest as { version: string }).version}\n`;
const HINT = "See 'tsapollo help create' for more information.\n";
const LEVELS = "the levels are NONE, FATAL, ERROR, WARN, INFO, DEBUG, TRACE";
const MISSING = "tsapollo: the argument <directory> is missing: The directory to hold the broker instance\n";

for (const { words, code = 0, stdout = "", stderr = "" } of [
  { words: [], stdout: SUMMARY },
  { words: ["help"], stdout: SUMMARY },
  { words: ["--help"], stdout: SUMMARY },
  { words: ["help", "tsapollo"], stdout: SUMMARY },
  { words: ["--log", "debug", "help"], stdout: SUMMARY },
  { words: ["--log=NONE"], stdout: SUMMARY },
  { words: ["version"], stdout: VERSION },
  { words: ["--version"], stdout: VERSION },
  { words: ["help", "version"], stdout: VERSION_PAGE },
  { words: ["--help", "version"], stdout: VERSION_PAGE },
  { words: ["version", "--help"], stdout: VERSION_PAGE },
  { words: ["help", "nosuch"], code: 1, stdout: "Unknown command nosuch\n" },
  // [instance 1.4]
  { words: ["x", "y"], code: 1, stdout: `\n${SUMMARY}`, stderr: "Found unexpected parameters: [x, y]\n" },
  { words: ["-h"], code: 1, stdout: `\n${SUMMARY}`, stderr: "Found unexpected parameters: [-h]\n" },
  { words: ["run"], code: 1, stdout: `\n${SUMMARY}`, stderr: "Found unexpected parameters: [run]\n" },
  { words: ["version", "x"], code: 1, stdout: `\n${SUMMARY}`, stderr: "Found unexpected parameters: [x]\n" },
  {
    words: ["create", "a", "b", "c"],
    code: 1,
    stdout: `\n${SUMMARY}`,
    stderr: "Found unexpected parameters: [b, c]\n",
  },
  { words: ["create"], code: 1, stderr: MISSING + HINT },
  { words: ["create", "--bad", "a"], code: 1, stderr: `tsapollo: the option --bad does not exist\n${HINT}` },
  { words: ["create", "-f", "a"], code: 1, stderr: `tsapollo: the option -f does not exist\n${HINT}` },
  {
    words: ["create", "a", "--host"],
    code: 1,
    stderr: `tsapollo: the option --host needs a value: --host <host>\n${HINT}`,
  },
  {
    words: ["create", "--host", "--force", "a"],
    code: 1,
    stderr: `tsapollo: the option --host needs a value: --host <host>\n${HINT}`,
  },
  {
    words: ["create", "--force=perhaps", "a"],
    code: 1,
    stderr: `tsapollo: --force=perhaps is wrong: write --force, --force=true or --force=false\n${HINT}`,
  },
  {
    words: ["--log", "LOUD", "help"],
    code: 1,
    stderr: `tsapollo: --log LOUD is wrong: ${LEVELS}\nSee 'tsapollo help' for more information.\n`,
  },
  {
    words: ["--log"],
    code: 1,
    stderr: `tsapollo: the option --log needs a value: ${LEVELS}\nSee 'tsapollo help' for more information.\n`,
  },
]) {
  test(`instance 1.3, 1.4: tsapollo ${words.join(" ")}`, (t) => {
    assert.deepEqual(tsapollo(emptyFolder(t), ...words), { code, stdout, stderr });
  });
}

test("instance 1.1: an instance's script gets the commands of an instance", (t) => {
  const folder = emptyFolder(t);
  const added = { TSAPOLLO_BASE: folder, TSAPOLLO_PROGRAM: "apollo-broker" };
  assert.deepEqual(runProgram(process.execPath, [ENTRY], folder, added), {
    code: 0,
    stdout: INSTANCE_SUMMARY,
    stderr: "",
  });
});

test("instance 1.3: the page of create wraps at 79 columns and sorts its options", (t) => {
  const folder = emptyFolder(t);
  const { code, stdout } = tsapollo(folder, "create", "--help");
  assert.equal(code, 0);
  assert.equal(stdout, tsapollo(folder, "help", "create").stdout);
  assert.ok(stdout.startsWith("NAME\n        tsapollo create - creates a new broker instance\n\nSYNOPSIS\n"));
  assert.ok(stdout.split("\n").every((line) => line.length <= 79));
  const heads = stdout.match(/^ {8}--[a-z-]+/gm)?.map((line) => line.trim()) ?? [];
  assert.ok(heads.length >= 9);
  assert.deepEqual(heads, [...heads].sort());
});
