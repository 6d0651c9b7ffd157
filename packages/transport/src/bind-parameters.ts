import { createSecureContext } from "node:tls";

/** What the query of a bind URI sets. Sizes in bytes, rates in bytes per second, times in milliseconds. */
export interface BindSettings {
  readonly backlog: number;
  readonly keepAlive: boolean;
  /** 0: no limit. */
  readonly maxReadRate: number;
  /** 0: no limit. */
  readonly maxWriteRate: number;
  /** Unsent bytes above which `Output.full` is true. */
  readonly writeBufferSize: number;
  /** Unsent bytes above which a connection is given up. */
  readonly maxUnsentBytes: number;
  /** Most that one connection may hold of input its handler could not take yet. */
  readonly maxUnfinishedBytes: number;
  /** How often a paused connection is looked after: whether its peer is still there. */
  readonly pausedProbeMs: number;
  /** Input kept of a paused connection while it is read on; after that one read is allowed per probe … */
  readonly pausedBytes: number;
  /** … until so much is kept; a last read may exceed it. */
  readonly maxPausedBytes: number;
  /** How long kept input may outlive the peer that sent it, while the handler takes nothing. */
  readonly pausedEndTimeoutMs: number;
  /** Most input, of all connections, that may outlive its socket. */
  readonly maxLeftoverBytes: number;
  /** `want`: a certificate may be shown, a bad one is refused. `need`: one must be shown. [instance 21.3] */
  readonly clientAuth: "want" | "need" | "none";
  readonly tlsMinVersion: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3" | undefined;
  /** OpenSSL cipher list; undefined: Node's. */
  readonly ciphers: string | undefined;
  /** Origins that browsers may connect from; undefined: all. [instance 10.3] */
  readonly corsOrigin: readonly string[] | undefined;
  readonly maxTextMessageSize: number;
  readonly maxBinaryMessageSize: number;
  readonly maxIdleTimeMs: number;
}

/** One parameter: its default and how its text is read; `undefined` means the text is not understood. */
interface Parameter<T> {
  /** Decides who gets in: a text that is not understood is an error, as the default may be weaker than was meant. */
  readonly isSecurity?: boolean;
  readonly fallback: T;
  readonly expects: string;
  parse(text: string): T | undefined;
}

const MIB = 1024 * 1024;
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1024,
  m: MIB,
  g: 1024 * MIB,
  t: 1024 * 1024 * MIB,
};

/** Reads `64k`, `1M`, `512kb` or plain bytes. [instance 5.3] */
function parseSize(text: string): number | undefined {
  const match = /^\s*(\d+)\s*([kmgt]?)b?\s*$/i.exec(text);
  return match === null ? undefined : Number(match[1]) * UNITS[match[2]!.toLowerCase()]!;
}

function count(fallback: number, min: number, max: number): Parameter<number> {
  return {
    fallback,
    expects: `a number from ${min} to ${max}`,
    parse: (text) => {
      const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

function size(fallback: number, min: number): Parameter<number> {
  return {
    fallback,
    expects: `a size of at least ${min}, like 65536 or 64k`,
    parse: (text) => {
      const value = parseSize(text);
      return value === undefined || value < min ? undefined : value;
    },
  };
}

/** Jetty's -1 stands for the default. [instance 10.3] */
function orDefault(inner: Parameter<number>): Parameter<number> {
  return { ...inner, parse: (text) => (text === "-1" ? inner.fallback : inner.parse(text)) };
}

const CLIENT_AUTHS = ["want", "need", "none"] as const;

/** OpenSSL's word on a cipher list: whether anything is left of it. */
function parseCiphers(text: string): string | undefined {
  try {
    if (text !== "") createSecureContext({ ciphers: text });
    return text || undefined;
  } catch {
    return undefined;
  }
}

const flag: Parameter<boolean> = {
  fallback: true,
  expects: "true or false",
  parse: (text) => (text === "true" ? true : text === "false" ? false : undefined),
};

const TLS_VERSIONS = {
  "1": "TLSv1",
  "1.0": "TLSv1",
  "1.1": "TLSv1.1",
  "1.2": "TLSv1.2",
  "1.3": "TLSv1.3",
} as const;

/** Every parameter of a bind URI that has an effect. Names as in 10.2 and 10.3, and our own. */
export const PARAMETERS: { readonly [K in keyof BindSettings]: Parameter<BindSettings[K]> } = {
  backlog: count(100, 1, 65_535),
  keepAlive: flag,
  maxReadRate: size(0, 0),
  maxWriteRate: size(0, 0),
  writeBufferSize: size(256 * 1024, 1),
  maxUnsentBytes: size(64 * MIB, 64 * 1024),
  maxUnfinishedBytes: size(101 * MIB, 1024),
  pausedProbeMs: count(5_000, 1, 2_147_483_647),
  pausedBytes: size(64 * 1024, 1),
  maxPausedBytes: size(MIB, 1),
  pausedEndTimeoutMs: count(60_000, 1, 2_147_483_647),
  maxLeftoverBytes: size(16 * MIB, 0),
  clientAuth: {
    isSecurity: true,
    fallback: "want",
    expects: "one of: want, need, or none",
    parse: (text) => CLIENT_AUTHS.find((value) => value === text.toLowerCase()),
  },
  tlsMinVersion: {
    isSecurity: true,
    fallback: undefined,
    expects: "one of: 1.2, 1.3 (1.0 and 1.1 are obsolete)",
    parse: (text) => {
      const number = text.toLowerCase().replace(/^tlsv?/, "");
      return Object.hasOwn(TLS_VERSIONS, number)
        ? TLS_VERSIONS[number as keyof typeof TLS_VERSIONS]
        : undefined;
    },
  },
  ciphers: {
    isSecurity: true,
    fallback: undefined,
    expects: "a list of cipher names that OpenSSL knows, separated by colons, like HIGH:!aNULL",
    parse: parseCiphers,
  },
  corsOrigin: {
    fallback: undefined,
    expects: "* or origins separated by commas",
    parse: (text) => {
      const origins = text.split(",").map((one) => one.trim());
      return origins.filter((one) => one !== "");
    },
  },
  maxTextMessageSize: orDefault(size(100 * MIB, 1)),
  maxBinaryMessageSize: orDefault(size(100 * MIB, 1)),
  maxIdleTimeMs: orDefault(count(300_000, 1, 2_147_483_647)),
};

/** Parameters of the ancestor that are accepted and change nothing, with the reason. [instance 21.3] */
export const IGNORED_PARAMETERS: Readonly<Record<string, string>> = {
  traffic_class: "the type of service cannot be set",
  receive_buffer_size: "the operating system sizes socket buffers",
  send_buffer_size: "the operating system sizes socket buffers",
  binary_transfers: "replies follow the type of the client's first message",
};

/** Names that differ from the snake_case of the field: those of times, which end in their unit there. */
export const PARAMETER_ALIASES: Readonly<Record<string, keyof BindSettings>> = {
  max_idle_time: "maxIdleTimeMs",
  paused_probe: "pausedProbeMs",
  paused_end_timeout: "pausedEndTimeoutMs",
};
