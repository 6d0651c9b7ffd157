import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decryptValue, encryptValue, isEncrypted } from "../src/index.ts";
import { errorText } from "./support.ts";

const PASSWORD = "keepmesafe";

for (const [value, clear] of [
  ["ENC(6r7HKCib0H8S+OuSfV+muQ==)", "open"],
  ["ENC(FP+H2FIg++sSaOxg/ISknw==)", "sesame"],
  ["6r7HKCib0H8S+OuSfV+muQ==", "open"],
  ["  ENC(6r7HKCib0H8S+OuSfV+muQ==) ", "open"],
] as const) {
  test(`6: '${value}' is ${clear}`, () => assert.equal(decryptValue(value, PASSWORD), clear));
}

test("6: what is encrypted decrypts, and never looks the same", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (clear) => {
      const value = encryptValue(clear, PASSWORD);
      assert.ok(isEncrypted(value));
      assert.equal(decryptValue(value, PASSWORD), clear);
    }),
    { numRuns: 20 },
  );
  assert.notEqual(encryptValue("a", PASSWORD), encryptValue("a", PASSWORD));
});

for (const [value, password, reason] of [
  [
    "ENC(6r7HKCib0H8S+OuSfV+muQ==)",
    undefined,
    /needs its password; set the environment variable APOLLO_ENCRYPTION_PASSWORD/,
  ],
  ["ENC(6r7HKCib0H8S+OuSfV+muQ==)", "", /needs its password/],
  [
    "ENC(6r7HKCib0H8S+OuSfV+muQ==)",
    "wrong",
    /cannot be decrypted; it is damaged or APOLLO_ENCRYPTION_PASSWORD/,
  ],
  ["ENC(6r7HKCib0H8)", PASSWORD, /cannot be decrypted/],
  ["ENC()", PASSWORD, /cannot be decrypted/],
  ["ENC(!!!)", PASSWORD, /cannot be decrypted/],
] as const) {
  test(`6: '${value}' with password '${password}' fails in one sentence`, () => {
    assert.match(
      errorText(() => decryptValue(value, password)),
      reason,
    );
  });
}
