import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  createPlain,
  emptyFolder,
  environmentWith,
  type Outcome,
  runProgram,
  writeScript,
} from "./support.ts";

/** Stands for the broker: lives until SIGTERM comes. */
const OBEDIENT = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
const STUBBORN = "trap '' TERM; while :; do sleep 0.1; done";
const BROKEN = "exit 1";
/** The link that the service is called by. */
const NAME = "my svc";

interface Scene {
  readonly base: string;
  readonly pidFile: string;
  call(word: string): Outcome;
}

function scene(t: TestContext, broker: string): Scene {
  let script = "";
  // Before the folder goes, which holds the pid file.
  t.after(() => runProgram(script, ["force-stop"], "/"));
  const folder = emptyFolder(t);
  const base = createPlain(folder, "my broker");
  writeScript(join(base, "bin/broker"), broker);
  script = join(folder, NAME);
  symlinkSync(join(base, "bin/broker-service"), script);
  const pidFile = join(base, "data/apollo.pid");
  return { base, pidFile, call: (word) => runProgram(script, [word], "/") };
}

test("instance 19b: start, status, start again, restart, stop", (t) => {
  const { pidFile, call } = scene(t, OBEDIENT);
  assert.deepEqual(call("status"), { code: 3, stdout: `${NAME} is stopped\n`, stderr: "" });
  const first = call("start");
  const pid = readFileSync(pidFile, "utf8").trim();
  assert.deepEqual(first, {
    code: 0,
    stdout: `Starting ${NAME}\n${NAME} is now running (${pid})\n`,
    stderr: "",
  });
  assert.equal(process.kill(Number(pid), 0), true);
  assert.deepEqual(call("status"), { code: 0, stdout: `${NAME} is running (${pid})\n`, stderr: "" });
  assert.deepEqual(call("start"), { code: 1, stdout: `Starting ${NAME}\nAlready running.\n`, stderr: "" });
  const again = call("restart");
  const next = readFileSync(pidFile, "utf8").trim();
  assert.notEqual(next, pid);
  assert.deepEqual(again, {
    code: 0,
    stdout: `Restarting ${NAME}\nGracefully Stopping ${NAME}\nStarting ${NAME}\n${NAME} is now running (${next})\n`,
    stderr: "",
  });
  assert.deepEqual(call("stop"), { code: 0, stdout: `Gracefully Stopping ${NAME}\n`, stderr: "" });
  assert.equal(existsSync(pidFile), false);
  assert.deepEqual(call("stop"), { code: 0, stdout: `Gracefully Stopping ${NAME}\n`, stderr: "" });
});

test("instance 19b: a broker that does not stop is forced to", (t) => {
  const { pidFile, call } = scene(t, STUBBORN);
  call("start");
  const pid = readFileSync(pidFile, "utf8").trim();
  assert.deepEqual(call("stop"), {
    code: 1,
    stdout: `Gracefully Stopping ${NAME}\nCould not stop process ${pid}\n`,
    stderr: "",
  });
  assert.deepEqual(call("force-stop"), { code: 0, stdout: `Forcibly Stopping ${NAME}\n`, stderr: "" });
  assert.equal(call("status").code, 3);
});

test("instance 19b: a broker that ends at once could not be started", (t) => {
  const { pidFile, call } = scene(t, BROKEN);
  assert.deepEqual(call("start"), {
    code: 1,
    stdout: `Starting ${NAME}\nCould not start ${NAME}\n`,
    stderr: "",
  });
  assert.equal(existsSync(pidFile), false);
});

test("instance 19b: a stale pid file is removed, whoever has its number now is left alone", (t) => {
  const { pidFile, call } = scene(t, OBEDIENT);
  for (const stale of [
    "999999999",
    "99999999999999999999",
    "nonsense",
    "",
    "0",
    "1",
    "-1",
    "2 3",
    `${process.pid}`,
  ]) {
    writeFileSync(pidFile, stale);
    assert.deepEqual(call("status"), { code: 3, stdout: `${NAME} is stopped\n`, stderr: "" });
    assert.equal(existsSync(pidFile), false);
  }
  writeFileSync(pidFile, `${process.pid}`);
  assert.equal(call("force-stop").code, 0);
});

/** A process that looks like a broker: its last argument is `run`. */
function looksLikeBroker(t: TestContext, base: string): ChildProcess {
  const child = spawn("sh", ["-c", "while :; do sleep 0.1; done", "run"], {
    env: environmentWith({ APOLLO_BASE: base, TSAPOLLO_BASE: base }),
    stdio: "ignore",
  });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

test("instance 19b: a broker of another instance is never signalled", (t) => {
  const { base, pidFile, call } = scene(t, OBEDIENT);
  for (const other of ["/opt/other", `${base} 2`, `${base}/bin`]) {
    const { pid } = looksLikeBroker(t, other);
    for (const word of ["stop", "force-stop", "status"]) {
      writeFileSync(pidFile, `${pid}\n`);
      assert.equal(call(word).code, word === "status" ? 3 : 0, word);
      assert.equal(existsSync(pidFile), false);
      assert.equal(stateOf(pid), "alive");
    }
  }
});

test("instance 19b: the broker of this instance is known by its environment, its number has one spelling", (t) => {
  const { base, pidFile, call } = scene(t, OBEDIENT);
  const { pid } = looksLikeBroker(t, base);
  writeFileSync(pidFile, `0${pid}`);
  assert.equal(call("stop").code, 0);
  assert.equal(stateOf(pid), "alive");
  writeFileSync(pidFile, `${pid}`);
  assert.equal(call("status").stdout, `${NAME} is running (${pid})\n`);
  assert.equal(call("start").stdout, `Starting ${NAME}\nAlready running.\n`);
  call("stop");
  assert.equal(stateOf(pid), "ended");
});

/** A process that ended, but whose end this process has not noticed yet, has no arguments any more. */
function stateOf(pid: number | undefined): "alive" | "ended" {
  return runProgram("ps", ["-p", `${pid}`, "-o", "args="], "/")
    .stdout.trim()
    .endsWith("run")
    ? "alive"
    : "ended";
}

test("instance 19b: another word is answered with the usage and exit code 2", (t) => {
  const { base } = scene(t, OBEDIENT);
  for (const script of ["broker-service", "apollo-broker-service"]) {
    const path = join(base, "bin", script);
    for (const words of [[], ["reload"]]) {
      const stderr = `Usage: ${path} {start|stop|restart|force-stop|status}\n`;
      assert.deepEqual(runProgram(path, words, "/"), { code: 2, stdout: "", stderr });
    }
  }
});

test("instance 19b: the service has the name it was called by", (t) => {
  const { base } = scene(t, OBEDIENT);
  const path = join(base, "bin/apollo-broker-service");
  assert.equal(runProgram(path, ["status"], "/").stdout, "apollo-broker-service is stopped\n");
});
