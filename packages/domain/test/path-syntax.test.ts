import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPath, NEUTRAL_SYNTAX, parsePath } from "../src/index.ts";

for (const [text, path, written] of [
  ["$SYS.broker.uptime", ["$SYS", "broker", "uptime"], "$SYS.broker.uptime"],
  ["%24SYS.a b", ["$SYS", "a b"], "$SYS.a b"],
  ["a.$b", ["a", "$b"], "a.$b"],
  ["$%24", ["$$"], "$%24"],
  ["%24", ["$"], "%24"],
] as const) {
  test(`${text}: a $ stands before a part without being encoded [messaging 2.3]`, () => {
    assert.deepEqual(parsePath(text, NEUTRAL_SYNTAX), path);
    assert.equal(formatPath(path, NEUTRAL_SYNTAX), written);
  });
}

for (const text of ["$", "a$", "$$", "$a$b"]) {
  test(`${text}: any other $ must be encoded [messaging 2.3]`, () => {
    assert.throws(() => parsePath(text, NEUTRAL_SYNTAX), { code: "BAD_ADDRESS" });
  });
}
