/** Apollo's fixture F4: every user has his name as password and is alone in a group of that name. */
const USERS = [
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
] as const;

const ELSEWHERE: ReadonlySet<string> = new Set(["can_not_connect", "guest", "connector_restricted"]);

/** `[allow, action, kind]` and what else a rule says, in file order. */
const RULES: readonly (readonly [allow: string, action: string, kind: string, more?: string])[] = [
  ["connect_group", "connect", "connector virtual-host"],
  ["can_send_create_consume_queue", "send create consume", "queue"],
  ["can_send_create_queue", "send create", "queue"],
  ["can_send_queue", "send", "queue"],
  ["can_receive_queue", "receive", "queue"],
  ["can_consume_queue", "consume", "queue"],
  ["can_send_create_topic", "send create", "topic"],
  ["can_send_topic", "send", "topic"],
  ["can_recieve_topic", "receive create", "topic"],
  ["can_consume_create_ds", "consume create", "dsub"],
  ["can_consume_ds", "consume", "dsub"],
  ["can_recieve_topic", "receive create", "dsub"],
  ["guest", "connect", "connector virtual-host"],
  ["guest", "create destroy send receive consume", "topic queue dsub", 'id_regex="test.*"'],
  ["connector_restricted", "connect", "connector virtual-host", 'connector="tcp2"'],
];

const STOMP = `<stomp>
    <add_user_header kind="org.apache.activemq.jaas.UserPrincipal">JMSXUserID</add_user_header>
    <add_user_header kind="org.apache.activemq.apollo.broker.security.SourceAddressPrincipal">sender-ip</add_user_header>
  </stomp>`;

/** The rules of F4 in place of those that `create` writes, and the connector `tcp2`. */
export function securityXml(xml: string): string {
  const rules = RULES.map(
    ([allow, action, kind, more = ""]) =>
      `<access_rule allow="${allow}" action="${action}" kind="${kind}" ${more}/>`,
  );
  return xml
    .replaceAll(/<!--[\s\S]*?-->/g, "")
    .replaceAll(/<access_rule [^>]*\/>/g, "")
    .replace("<virtual_host", `${rules.join("\n  ")}\n  <virtual_host`)
    .replace(
      /<connector id="tcp" ([^>]*)\/>/,
      `<connector id="tcp" $1>${STOMP}</connector>\n<connector id="tcp2" bind="tcp://127.0.0.1:0"/>`,
    );
}

/** Users and groups of F4, and what a test adds to the connect group. */
export function securityFiles(...alsoConnecting: readonly string[]): Readonly<Record<string, string>> {
  const connecting = [...alsoConnecting, ...USERS.filter((user) => !ELSEWHERE.has(user))];
  const users = USERS.map((user) => `${user}=${user}`);
  const groups = [...USERS.map((user) => `${user}=${user}`), `connect_group=${connecting.join("|")}`];
  return {
    "etc/users.properties": `${users.join("\n")}\n`,
    "etc/groups.properties": `${groups.join("\n")}\n`,
  };
}
