import assert from "node:assert/strict";
import { test } from "node:test";
import type { Credentials } from "@tsapollo/domain";
import { LoginAuthenticator, type LoginModuleFactory, parseLoginConfig } from "../src/index.ts";
import { DEFAULT_LOGIN_CONFIG } from "./default-login-config.ts";
import { credentials, decrypt, Fixture, parseProperties, principalsOf, X500 } from "./helpers.ts";

const FILES = {
  "users.properties": "admin=password\nbob=bob",
  "groups.properties": "admins=admin|CN=ssl_user",
  "black-list.txt": "# no net masks\n4.4.4.4\n4.4.4.3\n",
};

function defaultAuthenticator(fixture: Fixture, domain = "apollo"): LoginAuthenticator {
  const config = parseLoginConfig(DEFAULT_LOGIN_CONFIG, new Map());
  const { directory, clock, logger } = fixture;
  return new LoginAuthenticator({ config, domain, directory, clock, logger, parseProperties, decrypt });
}

const LOCAL = "127.0.0.1:51234";
for (const { name, shown, principals, user } of [
  {
    name: "22 #4: admin/password",
    shown: { user: "admin", password: "password" },
    principals: ["SourceAddressPrincipal:127.0.0.1", "UserPrincipal:admin", "GroupPrincipal:admins"],
    user: "admin",
  },
  {
    name: "22 #5: a user without a group is let in, in no group",
    shown: { user: "bob", password: "bob" },
    principals: ["SourceAddressPrincipal:127.0.0.1", "UserPrincipal:bob"],
    user: "bob",
  },
  {
    name: "ST-197: a trusted certificate alone is enough",
    shown: { certificateNames: ["CN=ssl_user"] },
    principals: ["SourceAddressPrincipal:127.0.0.1", "X500Principal:CN=ssl_user", "GroupPrincipal:admins"],
    user: "CN=ssl_user",
  },
  {
    name: "13.2: a certificate makes up for a wrong password",
    shown: { user: "admin", password: "wrong", certificateNames: ["CN=ssl_user"] },
    principals: ["SourceAddressPrincipal:127.0.0.1", "X500Principal:CN=ssl_user", "GroupPrincipal:admins"],
    user: "CN=ssl_user",
  },
]) {
  test(`default login.config, ${name}`, async () => {
    const identity = await defaultAuthenticator(new Fixture(FILES)).authenticate(credentials(shown));
    assert.deepEqual([principalsOf(identity), identity.userName], [principals, user]);
  });
}

const REFUSALS: readonly {
  name: string;
  shown: Partial<Credentials>;
  reason: string;
  text: string;
  remote?: string;
}[] = [
  { name: "ST-172: no credentials", shown: {}, reason: "User id not provided", text: "[]" },
  {
    name: "ST-173: login foo, passcode bar",
    shown: { user: "foo", password: "bar" },
    reason: "Invalid user id or password for user: foo",
    text: "[user=foo]",
  },
  {
    name: "20 #9: a wrong password explains more than a missing certificate",
    shown: { user: "admin", password: "guess" },
    reason: "Invalid user id or password for user: admin",
    text: "[user=admin]",
  },
  {
    name: "3.5: black-listed",
    shown: { user: "admin", password: "password", remoteAddress: "4.4.4.4:1" },
    remote: "4.4.4.4:1",
    reason: "Remote address blacklisted.",
    text: "[user=admin]",
  },
  {
    name: "13.1: certificate and user, newlines and length kept from the log",
    shown: {
      user: `a\nb${"c".repeat(65_000)}`,
      certificateNames: ["CN=x", "CN=ca"],
      remoteAddress: "4.4.4.3:1",
    },
    remote: "4.4.4.3:1",
    reason: "Remote address blacklisted.",
    text: `[certdn=CN=x, user=a?b${"c".repeat(253)}…]`,
  },
  {
    name: "too long a password",
    shown: { user: "admin", password: "p".repeat(65_536) },
    reason: "user or password is longer than 65535",
    text: "[user=admin]",
  },
];

for (const { name, shown, reason, text, remote = LOCAL } of REFUSALS) {
  test(`default login.config, ${name}`, async () => {
    const fixture = new Fixture(FILES);
    await assert.rejects(defaultAuthenticator(fixture).authenticate(credentials(shown)), {
      code: "AUTHENTICATION_FAILED",
      message: `Authentication failed. Credentials=${text}`,
    });
    assert.deepEqual(fixture.logger.lines, [
      `info authentication failed: local:127.0.0.1:61613, remote:${remote}, reason:${reason} `,
    ]);
  });
}

test("7.9: user_principal_kind decides what the user name is", async () => {
  const modules = "certificate required; users required file=users.properties;";
  const shown = credentials({ user: "bob", password: "bob", certificateNames: ["CN=a"] });
  for (const [kinds, expected] of [
    [undefined, "CN=a"],
    [["user"], "bob"],
    [[X500], "CN=a"],
    [["no.such.Kind"], undefined],
  ] as const) {
    const authenticator = new Fixture(FILES).authenticator(
      modules,
      kinds === undefined ? {} : { userPrincipalKinds: kinds },
    );
    assert.equal((await authenticator.authenticate(shown)).userName, expected);
  }
});

test("13.2: an unknown domain is a configuration error", () => {
  assert.throws(() => defaultAuthenticator(new Fixture(FILES), "ldap"), { code: "BAD_CONFIGURATION" });
});

for (const { module, flag, isFatal } of [
  { module: "org.apache.activemq.jaas.LDAPLoginModule", flag: "required", isFatal: true },
  { module: "com.example.FileUserLoginModule", flag: "requisite", isFatal: true },
  { module: "org.apache.activemq.jaas.LDAPLoginModule", flag: "optional", isFatal: false },
  { module: "__proto__", flag: "sufficient", isFatal: false },
  { module: "users", flag: "optional", isFatal: false },
  { module: "users", flag: "required", isFatal: true },
]) {
  test(`21.4: ${module} is not available, ${flag}`, async () => {
    const fixture = new Fixture(FILES);
    const authenticator = fixture.authenticator(`${module} ${flag}; users optional file=users.properties;`);
    const shown = credentials({ user: "bob", password: "bob" });
    for (let time = 0; time < 2; time += 1) {
      if (isFatal) await assert.rejects(authenticator.authenticate(shown), { code: "AUTHENTICATION_FAILED" });
      else assert.deepEqual(principalsOf(await authenticator.authenticate(shown)), ["UserPrincipal:bob"]);
    }
    const complaint = `login module '${module}' (login configuration, line 1) is not available`;
    assert.equal(fixture.logger.count(`error ${complaint}`), isFatal ? 1 : 0);
    assert.equal(fixture.logger.count(`warn ${complaint}`), isFatal ? 0 : 1);
    assert.equal(fixture.logger.count(`reason:${complaint}`), isFatal ? 2 : 0);
  });
}

test("a misspelt option is told, debug is not", () => {
  const fixture = new Fixture(FILES);
  fixture.authenticator("addresses optional blacklist_file=x debug=true;");
  assert.deepEqual(fixture.logger.lines, [
    "warn login module 'addresses' has no option 'blacklist_file'; it has: white_list_file, black_list_file",
  ]);
});

test("more modules can be given, asynchronous ones too", async () => {
  const late: LoginModuleFactory = {
    names: ["com.example.Late", "late"],
    options: [],
    create: () => ({
      async login() {
        await new Promise((done) => setImmediate(done));
        return { outcome: "success", contribute: (subject) => subject.add("com.example.Kind", "late") };
      },
    }),
  };
  const authenticator = new Fixture().authenticator("late required;", { modules: [late] });
  assert.deepEqual(principalsOf(await authenticator.authenticate(credentials())), ["Kind:late"]);
});
