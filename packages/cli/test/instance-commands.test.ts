import assert from "node:assert/strict";
import { test } from "node:test";
import { ENTRY, emptyFolder, type Outcome, runProgram } from "./support.ts";

function broker(cwd: string, words: readonly string[], added: Readonly<Record<string, string>>): Outcome {
  return runProgram(process.execPath, [ENTRY, ...words], cwd, added);
}

test("instance 1.8: run says that the instance folder is unknown or wrong", (t) => {
  const folder = emptyFolder(t);
  for (const { base, reason } of [
    { base: "", reason: "The apollo.base system property is not set." },
    { base: "gone", reason: "The apollo.base system property is not set to valid directory path gone" },
  ]) {
    const expected = { code: 1, stdout: "", stderr: `Startup failed: ${reason}` };
    assert.deepEqual(broker(folder, ["run"], { TSAPOLLO_BASE: base }), expected);
    assert.deepEqual(broker(folder, ["run"], { APOLLO_BASE: base }), expected);
  }
});

test("instance 1.9: decrypt takes both forms, encrypt prints what decrypt reads", (t) => {
  const folder = emptyFolder(t);
  const added = { TSAPOLLO_BASE: folder, APOLLO_ENCRYPTION_PASSWORD: "keepmesafe" };
  for (const value of ["ENC(6r7HKCib0H8S+OuSfV+muQ==)", "6r7HKCib0H8S+OuSfV+muQ=="]) {
    assert.deepEqual(broker(folder, ["decrypt", value], added), { code: 0, stdout: "open\n", stderr: "" });
  }
  const { code, stdout } = broker(folder, ["encrypt", "--", "-s p a"], added);
  assert.equal(code, 0);
  assert.match(stdout, /^ENC\([A-Za-z0-9+/]+=*\)\n$/);
  assert.equal(broker(folder, ["decrypt", stdout.trim()], added).stdout, "-s p a\n");
});

test("instance 1.9: a missing or wrong password is one line and exit code 1", (t) => {
  const folder = emptyFolder(t);
  for (const command of ["encrypt", "decrypt"]) {
    const { code, stdout, stderr } = broker(folder, [command, "x"], { TSAPOLLO_BASE: folder });
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^ERROR: .*APOLLO_ENCRYPTION_PASSWORD.*\n$/);
  }
  const wrong = { TSAPOLLO_BASE: folder, APOLLO_ENCRYPTION_PASSWORD: "wrong" };
  const { code, stderr } = broker(folder, ["decrypt", "ENC(nonsense)"], wrong);
  assert.equal(code, 1);
  assert.match(stderr, /^ERROR: .*\n$/);
});
