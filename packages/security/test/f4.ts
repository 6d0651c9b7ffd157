import type { AccessRule } from "../src/index.ts";

/** Fixture F4 of the scenarios: every user is alone in a group of the same name, most may connect. */
export const F4_USERS: readonly string[] = [
  "can_not_connect",
  "can_only_connect",
  "connector_restricted",
  "guest",
  "can_send_create_queue",
  "can_send_queue",
  "can_receive_queue",
  "can_consume_queue",
  "can_send_create_topic",
  "can_send_topic",
  "can_recieve_topic",
  "can_consume_create_ds",
  "can_consume_ds",
  "can_send_create_consume_queue",
];

const UNCONNECTED: readonly string[] = ["can_not_connect", "connector_restricted", "guest"];

export const F4_FILES: Readonly<Record<string, string>> = {
  "users.properties": F4_USERS.map((user) => `${user}=${user}`).join("\n"),
  "groups.properties": [
    ...F4_USERS.map((user) => `${user}=${user}`),
    `connect_group=CN=ssl_user|${F4_USERS.filter((user) => !UNCONNECTED.includes(user)).join("|")}`,
  ].join("\n"),
};

export const F4_LOGIN = `
  addresses optional;
  certificate optional;
  users optional file=users.properties;
  groups optional file=groups.properties;
  groups optional match=x500 file=groups.properties;
`;

export const F4_RULES: readonly AccessRule[] = [
  { allow: "connect_group", actions: ["connect"] },
  { allow: "can_send_create_consume_queue", actions: ["send", "create", "consume"], kinds: ["queue"] },
  { allow: "can_send_create_queue", actions: ["send", "create"], kinds: ["queue"] },
  { allow: "can_send_queue", actions: ["send"], kinds: ["queue"] },
  { allow: "can_receive_queue", actions: ["receive"], kinds: ["queue"] },
  { allow: "can_consume_queue", actions: ["consume"], kinds: ["queue"] },
  { allow: "can_send_create_topic", actions: ["send", "create"], kinds: ["topic"] },
  { allow: "can_send_topic", actions: ["send"], kinds: ["topic"] },
  { allow: "can_recieve_topic", actions: ["receive", "create"], kinds: ["topic"] },
  { allow: "can_consume_create_ds", actions: ["consume", "create"], kinds: ["dsub"] },
  { allow: "can_consume_ds", actions: ["consume"], kinds: ["dsub"] },
  { allow: "can_recieve_topic", actions: ["receive", "create"], kinds: ["dsub"] },
  { allow: "guest", actions: ["connect"] },
  {
    allow: "guest",
    actions: ["create", "destroy", "send", "receive", "consume"],
    kinds: ["topic", "queue", "dsub"],
    idRegex: "test.*",
  },
  { allow: "connector_restricted", actions: ["connect"], connector: "tcp2" },
];
