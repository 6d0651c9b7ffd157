import { BrokerError } from "@tsapollo/domain";
import { type BindSettings, IGNORED_PARAMETERS, PARAMETER_ALIASES, PARAMETERS } from "./bind-parameters.ts";
import { securityLookAlike } from "./look-alike.ts";

/** What carries a connector's connections. */
export type Scheme = "tcp" | "tls" | "ws" | "wss";

/** A bind URI, understood. */
export interface Bind {
  readonly scheme: Scheme;
  /** The scheme as it was written: `tcp`, `ssl`, `tlsv1.2`, … */
  readonly schemeText: string;
  /** As written; `[::]` without its brackets. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** `/path` of a WebSocket URI, else empty. */
  readonly path: string;
  /** Highest TLS version, when the scheme names one. */
  readonly tlsMaxVersion: "TLSv1.2" | "TLSv1.3" | undefined;
  readonly settings: BindSettings;
}

const SHAPE = /^([a-z][a-z0-9.+-]*):\/\/(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?(\/[^?#]*)?(?:\?([^#]*))?$/i;
const DEFAULT_PORTS: Readonly<Record<Scheme, number | undefined>> = {
  tcp: undefined,
  tls: undefined,
  ws: 80,
  wss: 443,
};

/**
 * Reads a connector's bind URI: `tcp://host:port`, `tls://` and `ssl://` (also with a version), `ws://`, `wss://`,
 * with parameters in snake_case or camelCase. [instance 10.1–10.3]
 * @param warn told, in one sentence each, about parameters that are unknown, wrong or without effect
 * @throws BrokerError BAD_CONFIGURATION, also for a parameter that decides on security, or seems to, and is wrong
 */
export function parseBind(uri: string, warn: (sentence: string) => void): Bind {
  const match = SHAPE.exec(uri.trim());
  if (match === null) throw wrong(uri, "expected scheme://host:port, like tcp://0.0.0.0:61613");
  const schemeText = match[1]!.toLowerCase();
  const scheme = schemeOf(schemeText, uri);
  const host = match[2]!.startsWith("[") ? match[2]!.slice(1, -1) : match[2]!;
  if (host === "")
    throw wrong(uri, "the host is missing; 0.0.0.0 means every IPv4 address, [::] every address");
  const port = match[3] === undefined ? DEFAULT_PORTS[scheme] : Number(match[3]);
  if (port === undefined || port > 65_535)
    throw wrong(uri, "a port from 0 to 65535 is needed, 0 for any free one");
  const isWeb = scheme === "ws" || scheme === "wss";
  return {
    scheme,
    schemeText,
    host,
    port,
    path: isWeb ? (match[4] ?? "/") : "",
    tlsMaxVersion: maxVersion(schemeText, warn),
    settings: parseSettings(match[5] ?? "", uri, warn),
  };
}

/** The URI that clients can use, with the port that was really bound. */
export function formatBind(bind: Bind, port: number): string {
  const host = bind.host.includes(":") ? `[${bind.host}]` : bind.host;
  return `${bind.schemeText}://${host}:${port}${bind.path}`;
}

function wrong(uri: string, text: string): BrokerError {
  return new BrokerError("BAD_CONFIGURATION", `Cannot use the bind URI ${uri}: ${text}.`);
}

function schemeOf(text: string, uri: string): Scheme {
  if (text === "tcp" || text === "ws" || text === "wss") return text;
  if (/^(tls|ssl)(v[0-9.]+)?$/.test(text)) return "tls";
  if (text === "udp")
    throw new BrokerError(
      "UNSUPPORTED",
      `UDP carries datagrams, no connections: ${uri}. Set the connector's protocol to udp or stomp-udp.`,
    );
  throw new BrokerError("BAD_CONFIGURATION", `Unknown transport bind uri: ${uri}. Use tcp, tls, ws or wss.`);
}

/** The ancestor's schemes named the newest version to speak; what is older than TLS 1.2 is gone. [instance 21.3] */
function maxVersion(scheme: string, warn: (sentence: string) => void): Bind["tlsMaxVersion"] {
  const version = /^(?:tls|ssl)v([0-9.]+)$/.exec(scheme)?.[1];
  if (version === undefined) return undefined;
  if (scheme === "tlsv1.2") return "TLSv1.2";
  if (scheme === "tlsv1.3") return "TLSv1.3";
  warn(
    `${scheme} is obsolete and not offered; the connector uses the TLS versions allowed by tls_min_version.`,
  );
  return undefined;
}

function parseSettings(query: string, uri: string, warn: (sentence: string) => void): BindSettings {
  const settings: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(PARAMETERS)) settings[name] = parameter.fallback;
  for (const [name, text] of new URLSearchParams(query)) {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const field = fieldOf(snake);
    if (field === undefined) {
      const reason = Object.hasOwn(IGNORED_PARAMETERS, snake) ? IGNORED_PARAMETERS[snake] : undefined;
      const meant = reason === undefined ? securityLookAlike(name) : undefined;
      if (meant !== undefined)
        throw wrong(uri, `the parameter '${name}' is unknown; write '${meant}' if that is meant`);
      const what = reason === undefined ? "is unknown and ignored" : `has no effect: ${reason}`;
      warn(`The parameter '${name}' of ${uri} ${what}.`);
      continue;
    }
    const { parse, expects, isSecurity } = PARAMETERS[field];
    const value = parse(text);
    if (value !== undefined) settings[field] = value;
    else if (isSecurity) throw wrong(uri, complaint(name, text, expects));
    else warn(`The value '${text}' of the parameter '${name}' is ignored; expected ${expects}.`);
  }
  return Object.freeze(settings) as unknown as BindSettings;
}

/** The ancestor's sentence about `client_auth`, for all that decide on security. */
function complaint(name: string, text: string, expects: string): string {
  return `Invalid setting '${text}' for the '${name}' query option.  Please set to ${expects}`;
}

function fieldOf(snake: string): keyof BindSettings | undefined {
  if (Object.hasOwn(PARAMETER_ALIASES, snake)) return PARAMETER_ALIASES[snake];
  const camel = snake.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.hasOwn(PARAMETERS, camel) && !camel.endsWith("Ms")
    ? (camel as keyof BindSettings)
    : undefined;
}
