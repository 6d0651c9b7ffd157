import type { ConnectorConfig, DetectConfig, SslConfig } from "../connector-config.ts";
import { accepted, type ElementRule, element, option, optionsOf, ours, type Table } from "../declare.ts";
import { count, FLAG, memorySize, NAME, oneOf, TEXT_OR_NONE, WORDS_OR_ALL } from "../value-types.ts";
import { PROTOCOL_RULES } from "./protocols.ts";

const INT_MAX = 2_147_483_647;
const BUFFERS_DOC = "The operating system sizes socket buffers; see `write_buffer_size`.";

/** Attributes of `<connector>`. */
export type ConnectorAttributes = Pick<
  ConnectorConfig,
  "enabled" | "connectionLimit" | "protocol" | "writeBufferBytes"
> & {
  readonly id: string | undefined;
  readonly bind: string | undefined;
};

/** `<connector>`. [instance 7.8] */
export const CONNECTOR: Table<ConnectorAttributes> = {
  id: option(
    "id",
    TEXT_OR_NONE,
    undefined,
    "Identity, for management, logs and rules; missing: `connector-` and its number, with a warning.",
  ),
  enabled: option("enabled", FLAG, true, "`false`: it does not listen."),
  bind: option(
    "bind",
    TEXT_OR_NONE,
    undefined,
    "Where it listens, needed: `tcp://0.0.0.0:61613`, also `tls`, `ssl`, `ws`, `wss`, `udp`, with parameters as a query.",
  ),
  connectionLimit: option<number | undefined>(
    "connection_limit",
    count(1, INT_MAX),
    undefined,
    "Most connections at once; missing: any number. When it is reached, new ones wait in the listen backlog.",
  ),
  protocol: option(
    "protocol",
    NAME,
    "any",
    "`any` detects it; else `stomp`, `mqtt`, `amqp`, `ssl`, `udp`, `stomp-udp`.",
  ),
  writeBufferBytes: ours<number | undefined>(
    "write_buffer_size",
    memorySize(1),
    undefined,
    "Unsent output of one connection above which its subscriptions and answers wait; missing: what the bind URI says, 256k when it says nothing.",
  ),
};

/** `<detect>`. [instance 11.1] */
export const DETECT: Table<DetectConfig> = {
  timeoutMs: option(
    "timeout",
    count(1, INT_MAX),
    5_000,
    "Milliseconds after which a connection without a known protocol is closed.",
  ),
  protocols: option(
    "protocols",
    WORDS_OR_ALL,
    undefined,
    "Candidates; with `ssl`, TLS on a plain port stays possible.",
  ),
};

/** `<ssl>`. [instance 7.8] */
export const SSL: Table<SslConfig> = {
  clientAuth: option<"want" | "need" | "none" | undefined>(
    "client_auth",
    oneOf("want", "need", "none"),
    undefined,
    "Whether clients show certificates; missing: what the bind URI says.",
  ),
  version: option(
    "version",
    TEXT_OR_NONE,
    undefined,
    "Lowest version of TLS, as in `TLSv1.2`; missing: what the bind URI says.",
  ),
};

/** `<connector>` with its children. */
export const CONNECTOR_RULE: ElementRule = element("connector", "Listens for connections.", {
  occurs: "many",
  text: "The URI, as it was written long ago; use `bind`. Gives a warning.",
  attributes: [
    ...optionsOf(CONNECTOR),
    ...[
      "receive_buffer_size",
      "send_buffer_size",
      "receive_buffer_auto_tune",
      "send_buffer_auto_tune",
      "receive_buffer_size_auto_tune",
      "send_buffer_size_auto_tune",
    ].map((name) => accepted(name, BUFFERS_DOC)),
  ],
  children: [
    ...PROTOCOL_RULES,
    element("detect", 'How `protocol="any"` recognises protocols.', { attributes: optionsOf(DETECT) }),
    element("ssl", "TLS of this connector.", { attributes: optionsOf(SSL) }),
    element("protocol", "The base of the protocol elements; has no meaning.", {
      effect: "accepted",
      occurs: "many",
      open: true,
    }),
  ],
});
