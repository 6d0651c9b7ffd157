import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Instance, type InstanceOptions, makeInstance } from "../harness/instance.ts";
import { happens } from "../harness/streams.ts";

interface Case extends InstanceOptions {
  readonly what: string;
  /** What else happens to the instance before it starts. */
  readonly damage?: (base: string) => void;
  readonly expected: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: "a key store that is none",
    files: { "etc/keystore": "this is not a key store" },
    expected: /key store '.*etc\/keystore'.*not a key store/,
  },
  {
    what: "a key store that is missing",
    damage: (base) => rmSync(join(base, "etc", "keystore")),
    expected: /key store '.*etc\/keystore'/,
  },
  {
    what: "a wrong password of the key store",
    xml: (xml) => xml.replace(/(<key_storage [^>]*) password="password"/, '$1 password="wrong"'),
    expected: /key store '.*etc\/keystore'.*password/,
  },
  {
    what: "XML that is not well-formed",
    xml: (xml) => xml.replace("</virtual_host>", "</virtualhost>"),
    expected: /apollo\.xml:\d+:\d+/,
  },
  {
    what: "a value that is none",
    xml: (xml) => xml.replace('connection_limit="2000"', 'connection_limit="many"'),
    expected: /apollo\.xml:\d+:\d+.*connection_limit.*many/,
  },
  {
    what: "a URI that is none",
    xml: (xml) => xml.replace("tcp://0.0.0.0:0", "carrier-pigeon://0.0.0.0:0"),
    expected: /carrier-pigeon/,
  },
  {
    what: "no apollo.xml",
    damage: (base) => rmSync(join(base, "etc", "apollo.xml")),
    expected: /etc\/apollo\.xml' does not exist/,
  },
  {
    what: "no login.config",
    damage: (base) => rmSync(join(base, "etc", "login.config")),
    expected: /login\.config' does not exist/,
  },
  {
    what: "a login.config that is none",
    files: { "etc/login.config": "apollo {\n  nonsense\n};\n" },
    expected: /login\.config|line \d+|:\d+:\d+/,
  },
  {
    what: "a data folder that is a file",
    damage: (base) => {
      rmSync(join(base, "data"), { recursive: true });
      writeFileSync(join(base, "data"), "");
    },
    expected: /data' cannot be written/,
  },
];

async function fails(base: string, expected: RegExp): Promise<void> {
  const broker = Instance.launch(base);
  assert.equal(await broker.exit(), 1, broker.everything);
  assert.match(broker.stderr, /^Startup failed: /);
  assert.match(broker.stderr, expected);
  assert.doesNotMatch(broker.stderr, /\n +at /, "a stack trace");
}

describe("starts that fail: exit code 1 and one clear line", { concurrency: 2 }, () => {
  for (const { what, damage, expected, ...options } of CASES) {
    it(what, async () => {
      const base = makeInstance(options);
      damage?.(base);
      await fails(base, expected);
    });
  }

  it("a port that is in use", async () => {
    const server = createServer().listen(0, "0.0.0.0");
    await happens(server, "listening");
    const { port } = server.address() as { port: number };
    await fails(
      makeInstance({ xml: (xml) => xml.replace("ws://0.0.0.0:0", `ws://0.0.0.0:${port}`) }),
      new RegExp(`${port}.*(in use|EADDRINUSE)|(in use|EADDRINUSE).*${port}`),
    );
    server.close();
  });
});
