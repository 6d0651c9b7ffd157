import assert from "node:assert/strict";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPlain, ENTRY, emptyFolder, type Outcome, runProgram, writeScript } from "./support.ts";

/** Prints what it was started with, one thing on each line. */
const STUB_NODE = `printf '%s\\n' "base $APOLLO_BASE" "tsapollo $TSAPOLLO_BASE" "program $TSAPOLLO_PROGRAM" "$@"`;

interface Scene {
  readonly folder: string;
  readonly base: string;
  readonly node: string;
}

function scene(t: Parameters<typeof emptyFolder>[0]): Scene {
  const folder = emptyFolder(t);
  return {
    folder,
    base: createPlain(folder, "my broker"),
    node: writeScript(join(folder, "stub node"), STUB_NODE),
  };
}

/** Comes before all other flags, which may say otherwise. */
const YOUNG = "--max-semi-space-size=8";

function started(base: string, ...words: readonly string[]): Outcome {
  const lines = [`base ${base}`, `tsapollo ${base}`, "program ", YOUNG, ...words];
  return { code: 0, stdout: `${lines.join("\n")}\n`, stderr: "" };
}

test("instance 3.7: bin/broker keeps blanks, stars and empty arguments as they are", (t) => {
  const { folder, base, node } = scene(t);
  const words = ["encrypt", "a  b", "", "*", "$HOME", "--", "-x"];
  const found = runProgram(join(base, "bin/broker"), words, folder, { NODE: node });
  assert.deepEqual(found, started(base, ENTRY, ...words));
  assert.deepEqual(
    runProgram("sh", ["broker", "run"], join(base, "bin"), { NODECMD: node }),
    started(base, ENTRY, "run"),
  );
});

test("instance 3.7: bin/broker finds its instance through links and after a move", (t) => {
  const { folder, base, node } = scene(t);
  mkdirSync(join(folder, "some where"));
  symlinkSync(join(base, "bin/broker"), join(folder, "some where/absolute"));
  symlinkSync("absolute", join(folder, "some where/relative"));
  symlinkSync(join(base, "bin"), join(folder, "linked bin"));
  const scripts = ["some where/absolute", "some where/relative", "linked bin/broker"];
  for (const script of scripts) {
    assert.deepEqual(
      runProgram(join(folder, script), ["run"], "/", { NODE: node }),
      started(base, ENTRY, "run"),
    );
  }
  const { PATH: found } = process.env;
  const PATH = `${join(folder, "some where")}:${found}`;
  assert.deepEqual(
    runProgram("sh", ["-c", "relative run"], "/", { NODE: node, PATH }),
    started(base, ENTRY, "run"),
  );
  const moved = join(folder, "moved (1)");
  renameSync(base, moved);
  assert.deepEqual(
    runProgram(join(moved, "bin/broker"), ["run"], folder, { NODE: node }),
    started(moved, ENTRY, "run"),
  );
});

test("instance 3.7: bin/apollo-broker is bin/broker under its old name", (t) => {
  const { folder, base, node } = scene(t);
  symlinkSync(join(base, "bin/apollo-broker"), join(folder, "link"));
  for (const [script, name] of [
    [join(base, "bin/apollo-broker"), "apollo-broker"],
    [join(folder, "link"), "link"],
  ] as const) {
    const { stdout } = runProgram(script, ["run", "a b"], "/", { NODE: node });
    assert.equal(stdout, `base ${base}\ntsapollo ${base}\nprogram ${name}\n${YOUNG}\n${ENTRY}\nrun\na b\n`);
  }
});

test("instance 1.11, 21.2: variables and etc/apollo.profile", (t) => {
  const { folder, base, node } = scene(t);
  const run = (added: Readonly<Record<string, string>>) =>
    runProgram(join(base, "bin/broker"), ["run"], folder, { NODE: node, ...added });
  const debug = "--inspect=127.0.0.1:5005";
  assert.deepEqual(run({ APOLLO_DEBUG: "true" }), started(base, debug, ENTRY, "run"));
  assert.deepEqual(run({ NODE_FLAGS: "--a=* --b" }), started(base, "--a=*", "--b", ENTRY, "run"));
  const profiled = ["--cpu-prof", `--cpu-prof-dir=${base}/log`];
  assert.deepEqual(run({ APOLLO_PROFILE: "true" }), started(base, ...profiled, ENTRY, "run"));
  assert.deepEqual(run({ APOLLO_BASE: folder }), started(folder, ENTRY, "run"));
  writeFileSync(join(base, "etc/apollo.profile"), "NODE_FLAGS=--from-profile\nAPOLLO_OPTS='-Dx=a b'\n");
  assert.deepEqual(run({}), started(base, "--from-profile", ENTRY, "run"));
  const shows = writeScript(join(folder, "shows"), 'printf %s "$APOLLO_OPTS"');
  assert.equal(run({ NODE: shows }).stdout, "-Dx=a b");
});

test("instance 1.11: APOLLO_ULIMIT raises the limit of open files as far as it goes, and never lowers it", (t) => {
  const { folder, base } = scene(t);
  const node = writeScript(join(folder, "limits"), "ulimit -S -n");
  const limited = (soft: string, hard: string, wanted: string) =>
    runProgram(
      "sh",
      ["-c", `ulimit -S -n ${soft} && ulimit -H -n ${hard} && exec "$0" run`, join(base, "bin/broker")],
      folder,
      {
        NODE: node,
        APOLLO_ULIMIT: wanted,
      },
    );
  // Root may go beyond a hard limit, so both ends are fine where the wish is above it.
  assert.match(limited("100", "200", "300").stdout, /^(200|300)\n$/);
  assert.deepEqual(limited("100", "200", "150"), { code: 0, stdout: "150\n", stderr: "" });
  assert.deepEqual(limited("100", "200", "50"), { code: 0, stdout: "100\n", stderr: "" });
  assert.deepEqual(limited("100", "200", "none"), { code: 0, stdout: "100\n", stderr: "" });
});

test("instance 1.11: TSAPOLLO_HOME must hold an installation, APOLLO_HOME may be Apollo's own", (t) => {
  const { folder, base, node } = scene(t);
  const run = (added: Readonly<Record<string, string>>) =>
    runProgram(join(base, "bin/broker"), ["run"], folder, { NODE: node, ...added });
  assert.deepEqual(run({ APOLLO_HOME: folder }), started(base, ENTRY, "run"));
  assert.deepEqual(run({ TSAPOLLO_HOME: folder }), {
    code: 1,
    stdout: "",
    stderr: `TSAPOLLO_HOME is '${folder}', but tsapollo is not installed there.\n`,
  });
  for (const place of ["packages/cli/bin", "bin", "node_modules/@tsapollo/cli/bin"]) {
    const home = join(folder, "in", place.replaceAll("/", "-"));
    mkdirSync(join(home, place), { recursive: true });
    writeFileSync(join(home, place, "tsapollo.js"), "");
    const expected = started(base, join(home, place, "tsapollo.js"), "run");
    assert.deepEqual(run({ TSAPOLLO_HOME: home }), expected);
    assert.deepEqual(run({ APOLLO_HOME: home }), expected);
  }
});

test("bin/broker says what is missing: the installation, node", (t) => {
  const { folder, base } = scene(t);
  const missing = {
    code: 1,
    stdout: "",
    stderr: "Cannot find '/no/node': install Node.js 20.19 or newer, or set NODE to the node executable.\n",
  };
  assert.deepEqual(runProgram(join(base, "bin/broker"), ["run"], folder, { NODE: "/no/node" }), missing);
  const home = join(folder, "it's gone");
  mkdirSync(join(home, "bin"), { recursive: true });
  writeFileSync(join(home, "bin/tsapollo.js"), "");
  runProgram(process.execPath, [ENTRY, "create", "--without-ssl", "--home", home, "other"], folder);
  renameSync(home, join(folder, "elsewhere"));
  assert.deepEqual(runProgram(join(folder, "other/bin/broker"), ["run"], folder), {
    code: 1,
    stdout: "",
    stderr: `tsapollo is not installed at '${home}/bin/tsapollo.js' any more: set TSAPOLLO_HOME to the folder where it is.\n`,
  });
});

test("instance 22 (1): the instance's own script runs the real command line", (t) => {
  const { folder, base } = scene(t);
  const { code, stdout, stderr } = runProgram(join(base, "bin/broker"), [], folder);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.ok(stdout.startsWith("usage: broker [--log <log_level>] <command> [<args>]\n"));
});
