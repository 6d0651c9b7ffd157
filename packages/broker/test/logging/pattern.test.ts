import assert from "node:assert/strict";
import { EOL } from "node:os";
import { test } from "node:test";
import { compilePattern } from "../../src/logging/pattern.ts";

const LINE = {
  timeMs: new Date(2026, 0, 2, 3, 4, 5, 6).getTime(),
  level: 30,
  name: "org.apache.activemq.apollo",
  text: "Accepting connections at: tcp://0.0.0.0:61613",
  stackref: "1a",
};

for (const { pattern, printed, level = 30 } of [
  { pattern: "%-5p | %m%n", printed: `INFO  | ${LINE.text}${EOL}` },
  { pattern: "%-5p | %m%n", level: 40, printed: `WARN  | ${LINE.text}${EOL}` },
  { pattern: "%d %m%n", printed: `2026-01-02 03:04:05,006 ${LINE.text}${EOL}` },
  { pattern: "%d{ISO8601}", printed: "2026-01-02 03:04:05,006" },
  {
    pattern: "%d | %-5p | %m | %X{stackref}%n",
    printed: `2026-01-02 03:04:05,006 | INFO  | ${LINE.text} | 1a${EOL}`,
  },
  {
    pattern: "%d | %-5p | stackref=%X{stackref}%n",
    printed: `2026-01-02 03:04:05,006 | INFO  | stackref=1a${EOL}`,
  },
  { pattern: "[%t] %p", printed: "[main] INFO" },
  { pattern: "%p", level: 10, printed: "TRACE" },
  { pattern: "%p", level: 20, printed: "DEBUG" },
  { pattern: "%p", level: 50, printed: "ERROR" },
  { pattern: "%p", level: 60, printed: "FATAL" },
  { pattern: "%c", printed: "org.apache.activemq.apollo" },
  { pattern: "%c{2}", printed: "activemq.apollo" },
  { pattern: "%.6c", printed: "apollo" },
  { pattern: "%6p|%-6p|%3.2p", printed: "  INFO|INFO  |FO" },
  { pattern: "100%% %p", printed: "100% INFO" },
  { pattern: "no conversion", printed: "no conversion" },
]) {
  test(`[instance 21.5] pattern ${pattern} at level ${level}`, () => {
    assert.equal(compilePattern(pattern)?.({ ...LINE, level }), printed);
  });
}

for (const pattern of ["%L %m%n", "%d{HH:mm}", "%X{user}", "%m{x}", "%c{0}", "%q", "50%", "% m", "%r"]) {
  test(`[instance 21.5] pattern ${pattern} is not understood`, () => {
    assert.equal(compilePattern(pattern), undefined);
  });
}
