import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Action,
  type Identity,
  NEUTRAL_SYNTAX,
  parsePath,
  type Resource,
  type ResourceKind,
  refusalText,
} from "@tsapollo/domain";
import { compileRules, RuleAuthorizer } from "../src/index.ts";
import { F4_FILES, F4_LOGIN, F4_RULES } from "./f4.ts";
import { credentials, Fixture, principalsOf } from "./helpers.ts";

const { rules, warnings } = compileRules(F4_RULES, "broker");
const authorizer = new RuleAuthorizer(rules);
const authenticator = new Fixture(F4_FILES).authenticator(F4_LOGIN);

function login(user: string): Promise<Identity> {
  return authenticator.authenticate(credentials({ user, password: user }));
}

function resource(kind: ResourceKind, id: string): Resource {
  return { kind, id, path: parsePath(id, NEUTRAL_SYNTAX) };
}

type Check = [id: string, user: string, action: Action, on: Resource, connector: string, refusal?: string];
const HOST: Resource = { kind: "virtual-host", id: "default" };
const TCP: Resource = { kind: "connector", id: "tcp" };
const TCP2: Resource = { kind: "connector", id: "tcp2" };
const SECURE = resource("queue", "secure");
const NO_CREATE = "Not authorized to create the queue 'secure'. Principals=[";

const CHECKS: readonly Check[] = [
  ["ST-171", "can_not_connect", "connect", TCP, "tcp", "Not authorized to connect to connector 'tcp'. "],
  ["ST-174", "can_only_connect", "connect", TCP, "tcp"],
  ["ST-174", "can_only_connect", "connect", HOST, "tcp"],
  ["ST-175", "connector_restricted", "connect", TCP2, "tcp2"],
  ["ST-175", "connector_restricted", "connect", HOST, "tcp2"],
  ["ST-176", "connector_restricted", "connect", TCP, "tcp", "Not authorized to connect to connector 'tcp'."],
  ["ST-177", "can_only_connect", "create", SECURE, "tcp", NO_CREATE],
  ["ST-178", "can_send_queue", "create", SECURE, "tcp", NO_CREATE],
  ["ST-185", "can_consume_queue", "create", SECURE, "tcp", NO_CREATE],
  ["ST-179", "can_send_create_queue", "create", SECURE, "tcp"],
  ["ST-179", "can_send_create_queue", "send", SECURE, "tcp"],
  ["ST-180", "can_send_queue", "send", SECURE, "tcp"],
  ["ST-181", "guest", "connect", TCP, "tcp"],
  ["ST-181", "guest", "create", resource("queue", "testblah"), "tcp"],
  ["ST-181", "guest", "send", resource("queue", "testblah"), "tcp"],
  [
    "ST-181",
    "guest",
    "create",
    resource("queue", "notmatch"),
    "tcp",
    "Not authorized to create the queue 'notmatch'. Principals=[",
  ],
  ["ST-181", "guest", "create", resource("queue", "a.test"), "tcp", "Not authorized to create"],
  [
    "ST-182",
    "can_only_connect",
    "consume",
    SECURE,
    "tcp",
    "Not authorized to consume from the queue 'secure'. Principals=[",
  ],
  ["ST-183", "can_send_create_consume_queue", "create", resource("queue", "sendsid"), "tcp"],
  ["ST-183", "can_send_create_consume_queue", "send", resource("queue", "sendsid"), "tcp"],
  ["ST-183", "can_send_create_consume_queue", "consume", resource("queue", "sendsid"), "tcp"],
  ["ST-184", "can_recieve_topic", "receive", resource("topic", "some-other-udp"), "tcp"],
  ["ST-184", "can_send_topic", "send", resource("topic", "some-other-udp"), "stomp-udp"],
];

for (const [id, user, action, on, connector, refusal] of CHECKS) {
  test(`${id}: ${user}, ${action} ${on.kind} ${on.id} via ${connector}`, async () => {
    const identity = await login(user);
    assert.equal(authorizer.can(identity, action, on, connector), refusal === undefined);
    const text = refusalText(action, on, identity);
    if (refusal !== undefined) assert.ok(text.startsWith(refusal), text);
  });
}

for (const [id, user, password] of [
  ["ST-172", undefined, undefined],
  ["ST-173", "foo", "bar"],
] as const) {
  test(`${id}: authentication fails`, async () => {
    await assert.rejects(authenticator.authenticate(credentials({ user, password })), {
      message: /^Authentication failed\./,
    });
  });
}

test("ST-183: the address and the user are principals, for add_user_header", async () => {
  const identity = await login("can_send_create_consume_queue");
  assert.deepEqual(principalsOf(identity).slice(0, 2), [
    "SourceAddressPrincipal:127.0.0.1",
    "UserPrincipal:can_send_create_consume_queue",
  ]);
  assert.equal(identity.userName, "can_send_create_consume_queue");
});

test("F4 compiles without warnings", () => assert.deepEqual(warnings, []));
