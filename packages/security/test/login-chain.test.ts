import assert from "node:assert/strict";
import { test } from "node:test";
import type { ControlFlag } from "../src/index.ts";
import { type LoginStep, runLogin } from "../src/login-chain.ts";
import { credentials, USER } from "./helpers.ts";

/** S success, I ignored, F failure, X throws; modules are numbered from 1 and contribute their number. */
type Outcome = "S" | "I" | "F" | "X";

function steps(script: string, asked: number[]): LoginStep[] {
  return script.split(" ").map((word, index) => {
    const [flag, outcome] = word.split(":") as [ControlFlag, Outcome];
    const number = index + 1;
    return {
      title: `m${number}`,
      flag,
      module: {
        async login() {
          asked.push(number);
          if (outcome === "X") throw new Error("broken");
          if (outcome === "F") return { outcome: "failure", cause: "no-user", reason: `no ${number}` };
          const contribute = (subject: { add(kind: string, name: string): void }) =>
            subject.add(USER, String(number));
          return { outcome: outcome === "S" ? "success" : "ignored", contribute };
        },
      },
    };
  });
}

const IGNORED = "Login Failure: all modules ignored";
const TABLE: readonly [script: string, asked: string, result: string][] = [
  ["required:S", "1", "1"],
  ["required:F", "1", "no 1"],
  ["required:I", "1", IGNORED],
  ["required:X", "1", "m1: broken"],
  ["required:F required:S", "12", "no 1"],
  ["required:F required:F", "12", "no 1"],
  ["required:S required:F", "12", "no 2"],
  ["required:F sufficient:S optional:S", "123", "no 1"],
  ["required:S sufficient:F", "12", "1"],
  ["requisite:S", "1", "1"],
  ["requisite:F optional:S", "1", "no 1"],
  ["required:F requisite:F optional:S", "12", "no 1"],
  ["requisite:I optional:S", "12", "12"],
  ["requisite:I optional:F", "12", "no 2"],
  ["sufficient:S required:F", "1", "1"],
  ["sufficient:F required:S", "12", "2"],
  ["sufficient:F", "1", "no 1"],
  ["sufficient:I optional:I", "12", IGNORED],
  ["sufficient:S optional:S", "1", "1"],
  ["optional:S", "1", "1"],
  ["optional:F optional:S", "12", "2"],
  ["optional:F optional:F", "12", "no 1"],
  ["optional:S optional:F optional:I", "123", "13"],
  ["optional:X optional:S", "12", "2"],
  ["optional:S required:F", "12", "no 2"],
  ["optional:S requisite:F", "12", "no 2"],
  ["optional:I", "1", IGNORED],
];

for (const [script, expectedAsked, expected] of TABLE) {
  test(`instance 13.2: ${script}`, async () => {
    const asked: number[] = [];
    const verdict = await runLogin(steps(script, asked), credentials());
    const result = verdict.granted ? verdict.principals.map(({ name }) => name).join("") : verdict.reason;
    assert.deepEqual([asked.join(""), result], [expectedAsked, expected]);
  });
}

test("instance 13.2: a domain without modules lets nobody in", async () => {
  assert.deepEqual(await runLogin([], credentials()), { granted: false, reason: IGNORED });
});
