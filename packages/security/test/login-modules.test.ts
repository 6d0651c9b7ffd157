import assert from "node:assert/strict";
import { test } from "node:test";
import type { Credentials } from "@tsapollo/domain";
import { hashPassword } from "../src/index.ts";
import { credentials, Fixture, principalsOf } from "./helpers.ts";

const OWN = "org.apache.activemq.apollo.broker.security";
const HASHED = await hashPassword("s3cret:=");
const FILES = {
  "users.properties": [
    "# users",
    "admin=password",
    "empty=",
    `enc=ENC(b64:${Buffer.from("open").toString("base64")})`,
    `hashed=${HASHED}`,
    "spoilt=scrypt(abc)",
    "constructor=c",
  ].join("\n"),
  "groups.properties": "admins=admin|CN=a,OU=b\nusers= admin | bob \nnobody=\n__proto__=admin",
  "commas.properties": "admins=admin,bob\nusers=bob",
  "dn.yaml": '"CN=a,OU=b": alice\nCN=quiet: ~\nCN=seven: 7\n',
  "list.yaml": "- CN=a",
  "broken.yaml": '"CN=a: [',
  "empty.yaml": "",
  "white.txt":
    "# friends\n\n127.0.0.1\n10.0.0.0/8 # ours\n::1\n2001:DB8:0::/48\n::ffff:192.168.0.0/112\nfriend\n1.2.3.4/33",
  "six.txt": "::/0",
  "black.txt": "4.4.4.4\n4.4.4.3\n",
};

type Case = [modules: string, shown: Partial<Credentials>, expected: string[] | string];
const ADDRESS = "SourceAddressPrincipal:127.0.0.1";
const GUESTS = 'guest optional user="guest" group="guests";';

const TABLE: readonly Case[] = [
  // 13.3
  ["users required file=users.properties;", { user: "admin", password: "password" }, ["UserPrincipal:admin"]],
  [
    `${OWN}.FileUserLoginModule required file=users.properties;`,
    { user: "enc", password: "open" },
    ["UserPrincipal:enc"],
  ],
  [
    "FileUserLoginModule required file=users.properties;",
    { user: "hashed", password: "s3cret:=" },
    ["UserPrincipal:hashed"],
  ],
  [
    "users required file=users.properties;",
    { user: "hashed", password: "s3cret" },
    "Invalid user id or password for user: hashed",
  ],
  [
    "users required file=users.properties;",
    { user: "hashed", password: HASHED },
    "Invalid user id or password for user: hashed",
  ],
  [
    "users required file=users.properties;",
    { user: "spoilt", password: "scrypt(abc)" },
    "Invalid user id or password for user: spoilt",
  ],
  [
    "users required file=users.properties;",
    { user: "admin", password: "Password" },
    "Invalid user id or password for user: admin",
  ],
  [
    "users required file=users.properties;",
    { user: "Admin", password: "password" },
    "Invalid user id or password for user: Admin",
  ],
  ["users required file=users.properties;", { user: "admin" }, "Invalid user id or password for user: admin"],
  ["users required file=users.properties;", { user: "empty" }, ["UserPrincipal:empty"]],
  [
    "users required file=users.properties;",
    { user: "nobody" },
    "Invalid user id or password for user: nobody",
  ],
  [
    "users required file=users.properties;",
    { user: "__proto__", password: "" },
    "Invalid user id or password for user: __proto__",
  ],
  [
    "users required file=users.properties;",
    { user: "toString" },
    "Invalid user id or password for user: toString",
  ],
  [
    "users required file=users.properties;",
    { user: "constructor", password: "c" },
    ["UserPrincipal:constructor"],
  ],
  ["users required file=users.properties;", { password: "password" }, "User id not provided"],
  ["users required file=users.properties;", { user: "" }, "Invalid user id or password for user: "],
  [
    "users required file=missing;",
    { user: "admin", password: "password" },
    "Login Failure: all modules ignored",
  ],
  ["users required file=.;", { user: "admin", password: "password" }, "Login Failure: all modules ignored"],
  // 13.4
  [
    "users required file=users.properties; groups optional file=groups.properties;",
    { user: "admin", password: "password" },
    ["UserPrincipal:admin", "GroupPrincipal:admins", "GroupPrincipal:users", "GroupPrincipal:__proto__"],
  ],
  [
    "groups optional file=groups.properties; users required file=users.properties;",
    { user: "admin", password: "password" },
    ["UserPrincipal:admin"],
  ],
  [
    "certificate required; groups optional match=javax.security.auth.x500.X500Principal file=groups.properties;",
    { certificateNames: ["CN=a,OU=b"] },
    ["X500Principal:CN=a,OU=b", "GroupPrincipal:admins"],
  ],
  [
    "certificate required; groups optional match=x500 separator=',' file=groups.properties;",
    { certificateNames: ["CN=a,OU=b"] },
    ["X500Principal:CN=a,OU=b"],
  ],
  [
    'users required file=users.properties; groups optional separator="," file=commas.properties;',
    { user: "admin", password: "password" },
    ["UserPrincipal:admin", "GroupPrincipal:admins"],
  ],
  [
    "users required file=users.properties; groups required file=missing;",
    { user: "admin", password: "password" },
    ["UserPrincipal:admin"],
  ],
  [
    "users sufficient file=users.properties; groups optional file=groups.properties;",
    { user: "admin", password: "password" },
    ["UserPrincipal:admin"],
  ],
  // 13.5
  ["certificate required;", {}, "No associated certificates"],
  [
    `${OWN}.CertificateLoginModule required;`,
    { certificateNames: ["CN=a", "CN=ca"] },
    ["X500Principal:CN=a", "X500Principal:CN=ca"],
  ],
  [
    "certificate required dn_file=dn.yaml;",
    { certificateNames: ["CN=a,OU=b", "CN=ca"] },
    ["X500Principal:CN=a,OU=b", "UserPrincipal:alice"],
  ],
  [
    "certificate required dn_file=dn.yaml;",
    { certificateNames: ["CN=quiet", "CN=seven"] },
    ["X500Principal:CN=quiet", "X500Principal:CN=seven", "UserPrincipal:7"],
  ],
  [
    "certificate required dn_file=dn.yaml;",
    { certificateNames: ["CN=x", "CN=ca"] },
    "Unknown distinguished names: [CN=x;CN=ca]",
  ],
  [
    "certificate required dn_file=dn.yaml;",
    { certificateNames: ["__proto__"] },
    "Unknown distinguished names: [__proto__]",
  ],
  [
    "certificate required dn_file=empty.yaml;",
    { certificateNames: ["CN=a"] },
    "Unknown distinguished names: [CN=a]",
  ],
  [
    "certificate required dn_file=missing;",
    { certificateNames: ["CN=a"] },
    "Invalid login module configuration",
  ],
  [
    "certificate required dn_file=list.yaml;",
    { certificateNames: ["CN=a"] },
    "Invalid login module configuration",
  ],
  [
    "certificate required dn_file=broken.yaml;",
    { certificateNames: ["CN=a"] },
    "Invalid login module configuration",
  ],
  // 13.6
  ["addresses requisite;", {}, "Login Failure: all modules ignored"],
  [
    `addresses requisite black_list_file=black.txt; ${GUESTS}`,
    {},
    [ADDRESS, "UserPrincipal:guest", "GroupPrincipal:guests"],
  ],
  [
    `addresses requisite black_list_file=black.txt; ${GUESTS}`,
    { remoteAddress: "4.4.4.3:9" },
    "Remote address blacklisted.",
  ],
  [
    `address requisite black_list_file=black.txt; ${GUESTS}`,
    { remoteAddress: "[::ffff:4.4.4.3]:9" },
    "Remote address blacklisted.",
  ],
  [`addresses requisite black_list_file=missing; guest optional;`, {}, [ADDRESS]],
  [
    `addresses requisite black_list_file=.; guest optional;`,
    {},
    "The black list cannot be read: it is not a file",
  ],
  [`addresses requisite white_list_file=missing; guest optional;`, {}, "Remote address is not whitelisted."],
  [
    `addresses requisite white_list_file=white.txt; guest optional;`,
    { remoteAddress: "11.0.0.1:9" },
    "Remote address is not whitelisted.",
  ],
  [
    `addresses requisite white_list_file=white.txt; guest optional;`,
    { remoteAddress: "10.9.8.7:9" },
    ["SourceAddressPrincipal:10.9.8.7"],
  ],
  [
    `addresses requisite white_list_file=white.txt; guest optional;`,
    { remoteAddress: "::1:5123" },
    ["SourceAddressPrincipal:::1"],
  ],
  [
    `addresses requisite white_list_file=white.txt; guest optional;`,
    { remoteAddress: "[2001:db8::0:7%eth0]:5123" },
    ["SourceAddressPrincipal:2001:db8::7"],
  ],
  [
    `addresses requisite white_list_file=white.txt; guest optional;`,
    { remoteAddress: "[2001:db9::7]:5123" },
    "Remote address is not whitelisted.",
  ],
  [
    `addresses requisite white_list_file=white.txt; guest optional;`,
    { remoteAddress: "192.169.0.4:1" },
    "Remote address is not whitelisted.",
  ],
  [
    `addresses requisite white_list_file=white.txt; guest optional;`,
    { remoteAddress: "192.168.0.4:1" },
    ["SourceAddressPrincipal:192.168.0.4"],
  ],
  [
    `addresses requisite white_list_file=white.txt; guest optional;`,
    { remoteAddress: "friend" },
    "Remote address is not whitelisted.",
  ],
  [
    `addresses requisite white_list_file=six.txt; guest optional;`,
    { remoteAddress: "10.9.8.7:9" },
    "Remote address is not whitelisted.",
  ],
  [
    `addresses requisite white_list_file=six.txt; guest optional;`,
    { remoteAddress: "[2001:db9::7]:5123" },
    ["SourceAddressPrincipal:2001:db9::7"],
  ],
  [
    `${OWN}.SocketAddressLoginModule optional white_list_file=white.txt; guest optional;`,
    { remoteAddress: "4.4.4.4:9" },
    [],
  ],
  // 13.7
  [GUESTS, {}, ["UserPrincipal:guest", "GroupPrincipal:guests"]],
  [`${OWN}.GuestLoginModule required;`, {}, []],
  [GUESTS, { user: "" }, "Login Failure: all modules ignored"],
  [GUESTS, { password: "" }, "Login Failure: all modules ignored"],
  [`certificate optional; ${GUESTS}`, { certificateNames: ["CN=a"] }, ["X500Principal:CN=a"]],
  // 13.8
  [
    "org.apache.activemq.jaas.PropertiesLoginModule required org.apache.activemq.jaas.properties.user=users.properties org.apache.activemq.jaas.properties.group=commas.properties;",
    { user: "admin", password: "password" },
    ["UserPrincipal:admin", "GroupPrincipal:admins"],
  ],
  [
    "properties required org.apache.activemq.jaas.properties.user=users.properties org.apache.activemq.jaas.properties.group=commas.properties;",
    { user: "admin", password: "x" },
    "Invalid user id or password for user: admin",
  ],
  [
    "properties required org.apache.activemq.jaas.properties.user=users.properties org.apache.activemq.jaas.properties.group=commas.properties;",
    {},
    "User id not provided",
  ],
  [
    "properties required org.apache.activemq.jaas.properties.user=users.properties org.apache.activemq.jaas.properties.group=.;",
    { user: "admin" },
    "Unable to load group properties file: it is not a file",
  ],
  [
    "properties required org.apache.activemq.jaas.properties.user=. org.apache.activemq.jaas.properties.group=.;",
    { user: "admin" },
    "Unable to load user properties file: it is not a file",
  ],
];

for (const [modules, shown, expected] of TABLE) {
  test(`instance 13.3-13.8: ${modules} ${JSON.stringify(shown).slice(0, 100)}`, async () => {
    const fixture = new Fixture(FILES);
    const login = fixture.authenticator(modules).authenticate(credentials(shown));
    if (typeof expected !== "string") {
      assert.deepEqual(principalsOf(await login), expected);
      return;
    }
    await assert.rejects(login, { code: "AUTHENTICATION_FAILED", message: /^Authentication failed\./ });
    assert.equal(fixture.logger.count(`reason:${expected} `), 1, fixture.logger.lines.join("\n"));
  });
}

test("instance 13.6: lines of an address list that mean nothing are told once", async () => {
  const fixture = new Fixture(FILES);
  const authenticator = fixture.authenticator(
    "addresses requisite white_list_file=white.txt; guest optional;",
  );
  await authenticator.authenticate(credentials());
  await authenticator.authenticate(credentials());
  assert.equal(fixture.logger.count("not an IP address or address/prefix"), 2);
});
