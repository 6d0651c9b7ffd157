import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPassword, PasswordChecker, usesDefaultPassword } from "../src/index.ts";
import { readStoredPassword } from "../src/password-checker.ts";
import { parseProperties } from "./helpers.ts";

test("21.4: a one-way password is salted and proves only itself", async () => {
  const [one, two] = await Promise.all([hashPassword("pässword"), hashPassword("pässword")]);
  assert.notEqual(one, two);
  assert.match(one, /^scrypt\([A-Za-z0-9+/=]{24},[A-Za-z0-9+/=]{44}\)$/);
  const checker = new PasswordChecker();
  assert.equal(await checker.matches(readStoredPassword(one), "pässword"), true);
  assert.equal(await checker.matches(readStoredPassword(one), "pässword"), true); // remembered
  assert.equal(await checker.matches(readStoredPassword(one), "passwörd"), false);
  assert.equal(await checker.matches(readStoredPassword(two), "pässword"), true);
});

for (const value of [
  "scrypt(",
  "scrypt()",
  "scrypt(abc)",
  "scrypt(AAAA,AAAA)",
  "scrypt(a b,c)",
  "scrypt(x,y) ",
]) {
  test(`21.4: ${JSON.stringify(value)} opens for nobody`, async () => {
    const stored = readStoredPassword(value);
    assert.equal(stored.form, "malformed");
    assert.equal(await new PasswordChecker().matches(stored, value), false);
  });
}

test("a thousand clients of one account cost one computation, and the event loop goes on", async () => {
  const stored = readStoredPassword(await hashPassword("p"));
  const checker = new PasswordChecker({ parallelMax: 1, waitingMax: 999 });
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 1);
  const results = await Promise.all(Array.from({ length: 1_000 }, () => checker.matches(stored, "p")));
  clearInterval(ticking);
  assert.ok(results.every((right) => right));
  assert.ok(turns > 0);
});

test("checks that would wait too long are refused, the others are answered", async () => {
  const stored = readStoredPassword(await hashPassword("p"));
  const checker = new PasswordChecker({ parallelMax: 1, waitingMax: 1, rememberedMax: 1 });
  const [first, second, third] = await Promise.allSettled([
    checker.matches(stored, "x"),
    checker.matches(stored, "p"),
    checker.matches(stored, "y"),
  ]);
  assert.deepEqual(
    [first, second],
    [
      { status: "fulfilled", value: false },
      { status: "fulfilled", value: true },
    ],
  );
  assert.equal(third.status, "rejected");
  assert.equal(await checker.matches(stored, "x"), false);
});

test("a flood from one address costs others one turn", async () => {
  const stored = readStoredPassword(await hashPassword("p"));
  const checker = new PasswordChecker({ parallelMax: 1, waitingMax: 8, waitingPerAskerMax: 4 });
  const ended: string[] = [];
  const ask = (user: string, address: string, given: string) =>
    checker.matches(stored, given, { user, address }).then(
      (right) => ended.push(`${address} ${given} ${right}`),
      () => ended.push(`${address} ${given} refused`),
    );
  const all = [];
  for (let at = 0; at < 7; at += 1) all.push(ask("a", "flood", `a${at}`)); // one is checked, 4 wait, 2 are refused
  for (let at = 0; at < 5; at += 1) all.push(ask("b", "flood", `b${at}`)); // 4 wait: the line is full
  all.push(ask("a", "other", "p"), ask("a", "third", "x"));
  await Promise.all(all);
  const checked = ended.filter((line) => !line.endsWith("refused"));
  assert.deepEqual(checked, [
    "flood a0 false",
    "flood a1 false",
    "other p true",
    "third x false",
    "flood a2 false",
    "flood a3 false",
    "flood a4 false",
    "flood b0 false",
    "flood b1 false",
  ]);
  assert.deepEqual(ended.filter((line) => line.endsWith("refused")).sort(), [
    "flood a5 refused",
    "flood a6 refused",
    "flood b2 refused",
    "flood b3 refused",
    "flood b4 refused",
  ]);
});

for (const [text, expected] of [
  ["admin=password\n", true],
  ["# users\nbob=x\nadmin = password", true],
  ["admin=Password", false],
  ["#admin=password", false],
  ["admin=ENC(abc)", false],
  ["", false],
] as const) {
  test(`20 #13: the default password in ${JSON.stringify(text)}: ${expected}`, () => {
    assert.equal(usesDefaultPassword(text, parseProperties), expected);
  });
}
