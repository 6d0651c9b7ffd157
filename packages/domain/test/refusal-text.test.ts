import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Action,
  type Identity,
  PRINCIPAL_KINDS,
  principalsText,
  type Resource,
  refusalText,
} from "../src/index.ts";

const identity: Identity = {
  userName: "bob",
  principals: [
    { kind: PRINCIPAL_KINDS.user, name: "bob" },
    { kind: PRINCIPAL_KINDS.group, name: "users" },
  ],
};
const WHO = "[org.apache.activemq.jaas.UserPrincipal(bob), org.apache.activemq.jaas.GroupPrincipal(users)]";

const TEXTS: readonly [Action, Resource, string][] = [
  ["connect", { kind: "connector", id: "tcp" }, "Not authorized to connect to connector 'tcp'."],
  [
    "connect",
    { kind: "virtual-host", id: "default" },
    "Not authorized to connect to virtual host 'default'.",
  ],
  ["create", { kind: "queue", id: "a.b" }, "Not authorized to create the queue 'a.b'."],
  ["send", { kind: "topic", id: "a.b" }, "Not authorized to send to the topic 'a.b'."],
  ["consume", { kind: "queue", id: "a.b" }, "Not authorized to consume from the queue 'a.b'."],
  ["receive", { kind: "topic", id: "a.b" }, "Not authorized to receive from the topic 'a.b'."],
  ["destroy", { kind: "dsub", id: "s1" }, "Not authorized to destroy the dsub 's1'."],
  ["monitor", { kind: "broker", id: "default" }, "Not authorized to monitor the broker 'default'."],
];

for (const [action, resource, text] of TEXTS) {
  test(`messaging 13: refusal of ${action} on a ${resource.kind}`, () => {
    assert.equal(refusalText(action, resource, identity), `${text} Principals=${WHO}`);
  });
}

test("instance 13.1: nobody has no principals", () => {
  assert.equal(principalsText(undefined), "[]");
  assert.equal(principalsText({ principals: [], userName: undefined }), "[]");
});
