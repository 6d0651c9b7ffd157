import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type AppenderSettings, DEFAULT_LOG4J, type Log4jConfig } from "../../src/logging/log4j-config.ts";
import { loadLog4j, parseLog4j } from "../../src/logging/parse-log4j.ts";

const TEMPLATE = new URL("../../../../../instances-template/etc/log4j.properties", import.meta.url);
const BASE = new Map([["apollo.base", "/i"]]);

/** The defaults with their files in `/i`, as the template names them. */
function defaultsInBase(): Log4jConfig {
  const appenders = new Map<string, AppenderSettings>();
  for (const [name, one] of DEFAULT_LOG4J.appenders) {
    appenders.set(name, one.kind === "file" ? { ...one, file: `/i/${one.file}` } : one);
  }
  return { ...DEFAULT_LOG4J, appenders };
}

test("[instance 3.6] the template of a new instance reads as the defaults", () => {
  const { config, warnings } = parseLog4j(readFileSync(TEMPLATE, "latin1"), BASE);
  assert.deepEqual(warnings, []);
  assert.deepEqual(config, defaultsInBase());
});

test("log4j's other spellings are understood", () => {
  const { config, warnings } = parseLog4j(
    `# comment
     logs=\${apollo.base}/elsewhere
     log4j.rootCategory = debug , A, B
     log4j.category.a.b=INHERITED, B
     log4j.additivity.a.b=FALSE
     log4j.logger.a=off
     log4j.appender.A=org.apache.log4j.RollingFileAppender
     log4j.appender.A.File=\${logs}/a.log
     log4j.appender.A.MaxFileSize=2gb
     log4j.appender.A.MaxBackupIndex=0
     log4j.appender.A.Append=false
     log4j.appender.A.Threshold=ERROR
     log4j.appender.A.layout=org.apache.log4j.PatternLayout
     log4j.appender.A.layout.conversionPattern=[%t] %c{1} %m%n
     log4j.appender.B=org.apache.log4j.ConsoleAppender
     log4j.json=true`,
    BASE,
  );
  assert.deepEqual(warnings, []);
  assert.equal(config.json, true);
  assert.deepEqual(config.root, { level: "debug", appenders: ["A", "B"], additive: true });
  assert.deepEqual(config.loggers.get("a.b"), { level: undefined, appenders: ["B"], additive: false });
  assert.deepEqual(config.loggers.get("a"), { level: "silent", appenders: [], additive: true });
  assert.deepEqual(config.appenders.get("A"), {
    kind: "file",
    threshold: "error",
    pattern: "[%t] %c{1} %m%n",
    file: "/i/elsewhere/a.log",
    fileBytesMax: 2 * 1_024 ** 3,
    backupsMax: 0,
    append: false,
  });
  assert.deepEqual(config.appenders.get("B"), {
    kind: "console",
    threshold: "trace",
    pattern: "%-5p | %m%n",
  });
});

const FILE = "log4j.appender.apollo=org.apache.log4j.RollingFileAppender\n";

for (const { name, text, warning, check } of [
  {
    name: "an empty file",
    text: "# nothing",
    warning: /sets no logger; the defaults apply/,
    check: (config: Log4jConfig) => assert.equal(config, DEFAULT_LOG4J),
  },
  {
    name: "no root logger",
    text: "log4j.logger.x=INFO",
    warning: /log4j\.rootLogger: is missing/,
    check: (config: Log4jConfig) => assert.deepEqual(config.root, DEFAULT_LOG4J.root),
  },
  {
    name: "a level that is none",
    text: "log4j.rootLogger=LOUD",
    warning: /log4j\.rootLogger: 'LOUD' is not a level .*; WARN applies/,
    check: (config: Log4jConfig) => assert.equal(config.root.level, "warn"),
  },
  {
    name: "a level that is none, of a logger we do not know",
    text: "log4j.rootLogger=INFO\nlog4j.logger.x=LOUD",
    warning: /'LOUD' is not a level .*; the level of the logger above applies/,
    check: (config: Log4jConfig) => assert.equal(config.loggers.get("x")?.level, undefined),
  },
  {
    name: "an appender that a new instance has and the file has not",
    text: "log4j.rootLogger=WARN, apollo",
    warning: /log4j\.appender\.apollo: is not defined; the appender of a new instance applies/,
    check: (config: Log4jConfig) =>
      assert.equal(config.appenders.get("apollo"), DEFAULT_LOG4J.appenders.get("apollo")),
  },
  {
    name: "an appender of a kind we do not have",
    text: "log4j.rootLogger=WARN, mail\nlog4j.appender.mail=org.apache.log4j.net.SMTPAppender",
    warning:
      /'org\.apache\.log4j\.net\.SMTPAppender' is neither a console nor a file appender; it is left out/,
    check: (config: Log4jConfig) => assert.equal(config.appenders.get("mail"), undefined),
  },
  {
    name: "a file appender of another kind",
    text: "log4j.rootLogger=WARN, d\nlog4j.appender.d=org.apache.log4j.DailyRollingFileAppender\nlog4j.appender.d.file=x.log",
    warning:
      /DailyRollingFileAppender' is not supported; an org\.apache\.log4j\.RollingFileAppender takes its place/,
    check: (config: Log4jConfig) => assert.equal(config.appenders.get("d")?.kind, "file"),
  },
  {
    name: "a pattern we do not understand",
    text: `log4j.rootLogger=WARN, apollo\n${FILE}log4j.appender.apollo.layout.ConversionPattern=%l %m%n`,
    warning:
      /ConversionPattern: '%l %m%n' is not understood .*; '%d \| %-5p \| %m \| %X\{stackref\}%n' applies/,
    check: (config: Log4jConfig) =>
      assert.equal(config.appenders.get("apollo")?.pattern, "%d | %-5p | %m | %X{stackref}%n"),
  },
  {
    name: "a size that is none",
    text: `log4j.rootLogger=WARN, apollo\n${FILE}log4j.appender.apollo.maxFileSize=big`,
    warning: /maxFileSize: 'big' is not a size like 512KB, 5MB, 1GB; '10485760' applies/,
    check: () => undefined,
  },
  {
    name: "a reference without a value",
    text: `log4j.rootLogger=WARN, apollo\n${FILE}log4j.appender.apollo.file=\${nowhere}/x.log`,
    warning: /apollo\.file: \$\{nowhere\} has no value; the entry is left out/,
    check: (config: Log4jConfig) => {
      const apollo = config.appenders.get("apollo");
      assert.equal(apollo?.kind === "file" && apollo.file, "log/apollo.log");
    },
  },
  {
    name: "a reference to itself",
    text: `x=\${x}\nlog4j.rootLogger=WARN, apollo\n${FILE}log4j.appender.apollo.file=\${x}`,
    warning: /\$\{x\} has no value/,
    check: () => undefined,
  },
  {
    name: "an option we do not have",
    text: `log4j.rootLogger=WARN, apollo\n${FILE}log4j.appender.apollo.bufferedIO=true`,
    warning: /apollo\.bufferedIO: not an option of this appender; ignored/,
    check: () => undefined,
  },
  {
    name: "a setting we do not have",
    text: "log4j.rootLogger=OFF\nlog4j.debug=true",
    warning: /log4j\.debug: not supported; ignored/,
    check: (config: Log4jConfig) => assert.equal(config.root.level, "silent"),
  },
]) {
  test(`[instance 21.5] warned of and replaced: ${name}`, () => {
    const { config, warnings } = parseLog4j(text, BASE);
    assert.equal(warnings.length, 1, warnings.join("\n"));
    assert.match(warnings[0]!, warning);
    check(config);
  });
}

function instance(t: TestContext): string {
  const base = mkdtempSync(join(tmpdir(), "logs-"));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  mkdirSync(join(base, "etc"));
  return base;
}

test("a missing file means the defaults", (t) => {
  assert.deepEqual(loadLog4j(instance(t), BASE), { config: DEFAULT_LOG4J, warnings: [] });
});

test("a file is read; one that cannot be means the defaults and a warning", (t) => {
  const base = instance(t);
  writeFileSync(join(base, "etc", "log4j.properties"), "log4j.rootLogger=ERROR");
  assert.equal(loadLog4j(base, BASE).config.root.level, "error");
  rmSync(join(base, "etc", "log4j.properties"));
  mkdirSync(join(base, "etc", "log4j.properties"));
  const { config, warnings } = loadLog4j(base, BASE);
  assert.equal(config, DEFAULT_LOG4J);
  assert.match(warnings[0]!, /log4j\.properties: cannot be read/);
});
