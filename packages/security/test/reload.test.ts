import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENT_LOGGER } from "@tsapollo/domain";
import { WatchedFile } from "../src/watched-file.ts";
import { credentials, Fixture, principalsOf } from "./helpers.ts";

const MODULES = "users required file=users.properties; groups optional file=groups.properties;";
const bob = credentials({ user: "bob", password: "bob" });

test("22 #7, 13.9: an edit takes effect within a second, and not by reading at every login", async () => {
  const fixture = new Fixture({ "users.properties": "bob=old", "groups.properties": "" });
  const authenticator = fixture.authenticator(MODULES);
  await assert.rejects(authenticator.authenticate(bob), { code: "AUTHENTICATION_FAILED" });
  fixture.write("users.properties", "bob=bob");
  fixture.clock.advance(999);
  await assert.rejects(authenticator.authenticate(bob), { code: "AUTHENTICATION_FAILED" });
  fixture.clock.advance(1);
  assert.deepEqual(principalsOf(await authenticator.authenticate(bob)), ["UserPrincipal:bob"]);
});

test("22 #5: the groups trap: a new user needs a group, and gets it without a restart", async () => {
  const fixture = new Fixture({ "users.properties": "bob=bob", "groups.properties": "admins=admin" });
  const authenticator = fixture.authenticator(MODULES);
  assert.deepEqual(principalsOf(await authenticator.authenticate(bob)), ["UserPrincipal:bob"]);
  fixture.write("groups.properties", "admins=admin\nusers=bob");
  fixture.clock.advance(1_000);
  assert.deepEqual(principalsOf(await authenticator.authenticate(bob)), [
    "UserPrincipal:bob",
    "GroupPrincipal:users",
  ]);
});

test("13.9: a vanished file counts as absent, a returned one is read again", async () => {
  const fixture = new Fixture({ "users.properties": "bob=bob", "groups.properties": "" });
  const authenticator = fixture.authenticator(MODULES);
  await authenticator.authenticate(bob);
  fixture.remove("users.properties");
  fixture.clock.advance(1_000);
  await assert.rejects(authenticator.authenticate(bob));
  fixture.clock.advance(1_000);
  await assert.rejects(authenticator.authenticate(bob));
  assert.equal(fixture.logger.count("reason:Login Failure: all modules ignored"), 2);
  assert.equal(fixture.logger.count("warn Unable to load properties file: "), 1);
  fixture.write("users.properties", "bob=bob");
  fixture.clock.advance(1_000);
  await authenticator.authenticate(bob);
});

test("6: a value that cannot be decrypted makes the file count as absent", async () => {
  const fixture = new Fixture({ "users.properties": "bob=bob\nx=ENC(nonsense)", "groups.properties": "" });
  await assert.rejects(fixture.authenticator(MODULES).authenticate(bob));
  assert.equal(fixture.logger.count("warn Unable to load properties file: "), 1);
  assert.equal(fixture.logger.count("all modules ignored"), 1);
});

test("13.4: while the groups file cannot be read, its last content counts; a vanished one counts as absent", async () => {
  const fixture = new Fixture({ "users.properties": "bob=bob", "groups.properties": "users=ENC(nonsense)" });
  const authenticator = fixture.authenticator(MODULES);
  const login = async () => {
    fixture.clock.advance(1_000);
    return principalsOf(await authenticator.authenticate(bob));
  };
  const without = ["UserPrincipal:bob"];
  const withGroup = ["UserPrincipal:bob", "GroupPrincipal:users"];
  assert.deepEqual(await login(), without); // never read: as the clause says
  fixture.write("groups.properties", "users=bob");
  assert.deepEqual(await login(), withGroup);
  fixture.write("groups.properties", "users=bob\nx=ENC(nonsense)");
  assert.deepEqual(await login(), withGroup);
  assert.deepEqual(await login(), withGroup);
  assert.equal(fixture.logger.count("; what it said before still counts"), 1);
  fixture.write("groups.properties", "admins=bob");
  assert.deepEqual(await login(), ["UserPrincipal:bob", "GroupPrincipal:admins"]);
  fixture.remove("groups.properties");
  assert.deepEqual(await login(), without);
  fixture.write("groups.properties", "x=ENC(nonsense)");
  assert.deepEqual(await login(), without);
});

test("13.9: a clock that was set back does not stop the watching", async () => {
  const fixture = new Fixture({ f: "one" });
  let nowMs = 5_000_000;
  const clock = { nowMs: () => nowMs, after: () => ({ cancel: () => undefined }) };
  const file = watched(fixture, { clock });
  assert.equal((await file.read()).state, "ready");
  fixture.write("f", "two");
  nowMs = 1_000;
  assert.deepEqual(await file.read(), { state: "ready", value: "two" });
});

test("13.9: concurrent readers share one reading", async () => {
  const fixture = new Fixture({ f: "one" });
  let readings = 0;
  const file = watched(fixture, {
    parse: (text: string) => {
      readings += 1;
      return text;
    },
  });
  await Promise.all(Array.from({ length: 50 }, () => file.read()));
  fixture.clock.advance(60_000);
  await Promise.all(Array.from({ length: 50 }, () => file.read()));
  assert.equal(readings, 1); // unchanged: looked at, not read
});

for (const { name, bytes, limit, expected } of [
  {
    name: "UTF-8, with a byte order mark",
    bytes: Buffer.from("\ufeffb\u00fc"),
    limit: 9,
    expected: "b\u00fc",
  },
  { name: "ISO 8859-1", bytes: Buffer.from("b\u00fc", "latin1"), limit: 9, expected: "b\u00fc" },
  { name: "too long", bytes: Buffer.alloc(10), limit: 9, expected: "unreadable" },
]) {
  test(`a watched file: ${name}`, async () => {
    const fixture = new Fixture();
    fixture.write("f", bytes);
    const loaded = await watched(fixture, { sizeBytesMax: limit }).read();
    assert.equal(loaded.state === "ready" ? loaded.value : loaded.state, expected);
  });
}

function watched(fixture: Fixture, parts: object): WatchedFile<string> {
  const path = `${fixture.directory}/f`;
  const { clock } = fixture;
  return new WatchedFile({ path, title: "file", parse: String, clock, logger: SILENT_LOGGER, ...parts });
}
