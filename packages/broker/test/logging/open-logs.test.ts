import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FakeClock } from "@tsapollo/testkit";
import {
  DEFAULT_LOG4J,
  type Log4jConfig,
  type LogChannels,
  openLogs,
  parseLog4j,
} from "../../src/logging/index.ts";

/** What the apollo.xml of a new instance says in `<log_category>`. */
const CATEGORIES = { console: "console", connection: "connection", security: "security", audit: "audit" };

function setUp(t: TestContext, config: Log4jConfig = DEFAULT_LOG4J) {
  const base = mkdtempSync(join(tmpdir(), "logs-"));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const printed: string[] = [];
  const stdout = { write: (text: string) => printed.push(text) };
  const logs = openLogs({ base, config, stdout, categories: CATEGORIES, clock: new FakeClock() });
  t.after(() => logs.close());
  const read = (name: string): string => {
    logs.flush();
    return readFileSync(join(base, "log", name), "utf8").replaceAll("\r\n", "\n");
  };
  return { base, logs, printed, read, screen: () => printed.join("").replaceAll("\r\n", "\n") };
}

/** Lines without their date. */
function undated(text: string): string {
  return text.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} /gm, "");
}

test("[instance 2] the four files are there from the start", (t) => {
  const { base } = setUp(t);
  assert.deepEqual(readdirSync(join(base, "log")).sort(), [
    "apollo.log",
    "connection.log",
    "security.log",
    "stacktrace.log",
  ]);
});

type Say = (logs: LogChannels) => void;
const cases: {
  name: string;
  say: Say;
  screen?: string;
  apollo?: string;
  connection?: string;
  security?: string;
}[] = [
  {
    name: "[instance 17] the console channel",
    say: (logs) => logs.console.info({}, "Accepting connections at: tcp://0.0.0.0:61613"),
    screen: "INFO  | Accepting connections at: tcp://0.0.0.0:61613\n",
    apollo: "| INFO  | Accepting connections at: tcp://0.0.0.0:61613 | \n",
  },
  { name: "debug is off on the console channel", say: (logs) => logs.console.debug({}, "x") },
  {
    name: "[instance 16] the connection channel",
    say: (logs) => logs.connection.info({}, "connected: local:/127.0.0.1:61613, remote:/127.0.0.1:51234"),
    connection: "connected: local:/127.0.0.1:61613, remote:/127.0.0.1:51234\n",
  },
  {
    name: "[instance 13.1] the security channel",
    say: (logs) => logs.security.info({ code: "AUTHENTICATION_FAILED" }, "authentication failed: reason:x "),
    security: "authentication failed: reason:x \n",
  },
  {
    name: "the broker's info reaches the file alone",
    say: (logs) => logs.broker.info({ a: 1 }, "x"),
    apollo: "| INFO  | x a=1 | \n",
  },
  {
    name: "the broker's warnings reach the screen too",
    say: (logs) => logs.broker.warn({}, "x"),
    screen: "WARN  | x\n",
    apollo: "| WARN  | x | \n",
  },
  {
    name: "audit is a logger like any other",
    say: (logs) => logs.audit.error({}, "x"),
    screen: "ERROR | x\n",
    apollo: "| ERROR | x | \n",
  },
  { name: "audit inherits WARN of the root", say: (logs) => logs.audit.info({}, "x") },
  {
    name: "a part of the broker inherits",
    say: (logs) => logs.named("org.apache.activemq.apollo.broker").info({}, "x"),
    apollo: "| INFO  | x | \n",
  },
  {
    name: "what child() bound is context and not printed, all but the peer",
    say: (logs) => logs.connection.child({ remote: "/1:2" }).child({ user: "u" }).warn({ own: 1 }, "x"),
    connection: "x own=1 remote=/1:2\n",
  },
  {
    name: "a line that names its peer already stays as it is",
    say: (logs) => logs.connection.child({ remote: "/1:2" }).warn({}, "MQTT connection '/1:2' error: x"),
    connection: "MQTT connection '/1:2' error: x\n",
  },
];
for (const { name, say, screen = "", apollo = "", connection = "", security = "" } of cases) {
  test(`[instance 3.6] ${name}`, (t) => {
    const setup = setUp(t);
    say(setup.logs);
    assert.equal(setup.screen(), screen);
    assert.equal(undated(setup.read("apollo.log")), apollo);
    assert.equal(undated(setup.read("connection.log")), connection);
    assert.equal(undated(setup.read("security.log")), security);
  });
}

test("[instance 16] a stack trace and the line that tells of it carry one reference", (t) => {
  const { logs, read, screen } = setUp(t);
  logs.broker.child({ host: "h" }).error({ error: new Error("disk full") }, "store failed");
  logs.broker.warn({ cause: new TypeError("second") }, "odd");
  const refs = [...read("apollo.log").matchAll(/\| ([0-9a-f]+)$/gm)].map(([, ref]) => ref!);
  assert.equal(new Set(refs).size, 2);
  assert.match(
    undated(read("apollo.log")),
    /^\| ERROR \| store failed error="disk full" \| [0-9a-f]+\n\| WARN {2}\| odd cause=second \| [0-9a-f]+\n$/,
  );
  const shape = `^\\| ERROR \\| stackref=${refs[0]}\nError: disk full\n\\s+at [\\s\\S]*\n\\| WARN  \\| stackref=${refs[1]}\nTypeError: second\n\\s+at `;
  assert.match(undated(read("stacktrace.log")), new RegExp(shape));
  assert.equal(screen(), 'ERROR | store failed error="disk full"\nWARN  | odd cause=second\n');
});

test("[instance 16] no reference to a trace that the stacktrace log does not take", (t) => {
  const { logs, read } = setUp(t);
  logs.broker.info({ error: new Error("usual") }, "peer left");
  assert.equal(undated(read("apollo.log")), "| INFO  | peer left error=usual | \n");
  assert.equal(read("stacktrace.log"), "");
});

test("log4j.json=true writes pino's lines, bound fields included", (t) => {
  const { config } = parseLog4j(
    "log4j.rootLogger=INFO, a, c\nlog4j.appender.a=org.apache.log4j.RollingFileAppender\nlog4j.appender.a.file=log/a.json\nlog4j.appender.c=org.apache.log4j.ConsoleAppender\nlog4j.appender.c.threshold=WARN\nlog4j.json=true",
    new Map(),
  );
  const { logs, read, printed } = setUp(t, config);
  logs.connection.child({ remote: "/1:2" }).info({ code: "X", big: 1n }, "one");
  logs.broker.error({ error: new Error("two") }, "failed");
  const [one, failed, trace] = read("a.json")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(one, {
    level: 30,
    time: 1_000_000,
    name: "connection",
    remote: "/1:2",
    code: "X",
    big: 1,
    msg: "one",
  });
  assert.equal(failed.msg, "failed");
  assert.equal(failed.error.message, "two");
  assert.equal(trace.name, "stacktrace");
  assert.equal(trace.stackref, failed.stackref);
  assert.equal(printed.length, 2, "the failure and its trace are above the threshold");
});

test("[instance 3.6] the files roll over", (t) => {
  const { config } = parseLog4j(
    "log4j.rootLogger=INFO, a\nlog4j.appender.a=org.apache.log4j.RollingFileAppender\nlog4j.appender.a.file=log/a.log\nlog4j.appender.a.maxFileSize=20\nlog4j.appender.a.maxBackupIndex=2\nlog4j.appender.a.layout.ConversionPattern=%m%n",
    new Map(),
  );
  const { base, logs, read } = setUp(t, config);
  for (let line = 0; line < 5; line += 1) logs.broker.info({}, `line ${line} is twenty and more`);
  assert.equal(read("a.log.1"), "line 4 is twenty and more\n");
  assert.equal(read("a.log.2"), "line 3 is twenty and more\n");
  assert.ok(!existsSync(join(base, "log", "a.log.3")));
});

test("a log that cannot be written never throws, and is told of on stdout", (t) => {
  const { base, logs, screen } = setUp(t);
  rmSync(join(base, "log"), { recursive: true });
  writeFileSync(join(base, "log"), "");
  logs.reopen();
  logs.connection.info({}, "lost");
  logs.connection.info({}, "lost too");
  logs.flush();
  rmSync(join(base, "log"));
  logs.connection.info({}, "kept");
  logs.flush();
  assert.match(screen(), /^WARN {2}\| 2 lines of .*connection\.log were lost: E.*\n$/);
  assert.equal(undated(readFileSync(join(base, "log", "connection.log"), "utf8")).trim(), "kept");
});

test("a stdout that throws does not reach the broker", (t) => {
  const base = mkdtempSync(join(tmpdir(), "logs-"));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const stdout = {
    write: () => {
      throw new Error("EPIPE");
    },
  };
  const logs = openLogs({ base, config: DEFAULT_LOG4J, stdout });
  t.after(() => logs.close());
  logs.broker.warn({}, "x");
  logs.flush();
  assert.match(readFileSync(join(base, "log", "apollo.log"), "utf8"), /WARN {2}\| x/);
});

test("[instance 21.5] reopen after somebody moved the files", (t) => {
  const { base, logs, read } = setUp(t);
  logs.security.info({}, "old");
  renameSync(join(base, "log", "security.log"), join(base, "log", "moved.log"));
  logs.reopen();
  logs.security.info({}, "new");
  assert.equal(undated(read("moved.log")), "old\n");
  assert.equal(undated(read("security.log")), "new\n");
});

test("[instance 18] a new configuration reaches loggers and children that are there", (t) => {
  const { logs, read, screen } = setUp(t);
  const child = logs.connection.child({ remote: "/1:2" });
  child.debug({}, "unseen");
  const { config } = parseLog4j(
    "log4j.rootLogger=DEBUG, c\nlog4j.appender.c=org.apache.log4j.ConsoleAppender",
    new Map(),
  );
  logs.reconfigure(config);
  child.debug({}, "seen");
  assert.equal(screen(), "DEBUG | seen remote=/1:2\n");
  logs.reconfigure(DEFAULT_LOG4J);
  child.debug({}, "unseen again");
  child.info({}, "back");
  assert.equal(undated(read("connection.log")), "back remote=/1:2\n");
});

test("after close nothing is written, also by children and new names", (t) => {
  const { logs, read, screen } = setUp(t);
  const child = logs.broker.child({});
  child.warn({}, "last");
  logs.close();
  child.warn({}, "late");
  logs.named("org.apache.activemq.apollo.x").error({}, "late");
  logs.reconfigure(DEFAULT_LOG4J);
  assert.equal(screen(), "WARN  | last\n");
  assert.equal(undated(read("apollo.log")), "| WARN  | last | \n");
});

test("the exit of the process writes what waits", (t) => {
  const base = mkdtempSync(join(tmpdir(), "logs-"));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const module = new URL("../../src/logging/index.js", import.meta.url).href;
  const script = `import { DEFAULT_LOG4J, openLogs } from ${JSON.stringify(module)};
    const logs = openLogs({ base: ${JSON.stringify(base)}, config: DEFAULT_LOG4J, stdout: process.stdout });
    logs.broker.warn({}, "last words");
    process.exit(3);`;
  assert.throws(() => execFileSync(process.execPath, ["--input-type=module", "-e", script]), { status: 3 });
  assert.match(readFileSync(join(base, "log", "apollo.log"), "utf8"), /last words/);
});
