import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LOG4J } from "../../src/logging/log4j-config.ts";
import { parseLog4j } from "../../src/logging/parse-log4j.ts";
import { routeOf } from "../../src/logging/routes.ts";

for (const { name, level, appenders } of [
  { name: "console", level: "info", appenders: ["console-info", "apollo"] },
  { name: "security", level: "info", appenders: ["security"] },
  { name: "connection", level: "info", appenders: ["connection"] },
  { name: "stacktrace", level: "warn", appenders: ["stacktrace"] },
  { name: "audit", level: "warn", appenders: ["console-warn", "apollo"] },
  { name: "org.apache.activemq.apollo", level: "info", appenders: ["console-warn", "apollo"] },
  { name: "org.apache.activemq.apollo.log.console", level: "info", appenders: ["console-warn", "apollo"] },
  { name: "org.apache.activemq.apollonia", level: "warn", appenders: ["console-warn", "apollo"] },
]) {
  test(`[instance 3.6] the route of ${name}`, () => {
    assert.deepEqual(routeOf(DEFAULT_LOG4J, name), { level, appenders });
  });
}

const LAYERED = parseLog4j(
  `log4j.rootLogger=WARN, r
   log4j.logger.a=DEBUG, a
   log4j.logger.a.b=INHERITED, b, r
   log4j.logger.a.c=ERROR, c
   log4j.additivity.a.c=false
   log4j.logger.a.d=OFF
   log4j.logger.e=ALL
   log4j.additivity.e=false`,
  new Map(),
).config;

for (const { name, level, appenders } of [
  { name: "a", level: "debug", appenders: ["a", "r"] },
  { name: "a.b", level: "debug", appenders: ["b", "r", "a"] },
  { name: "a.b.x", level: "debug", appenders: ["b", "r", "a"] },
  { name: "a.c", level: "error", appenders: ["c"] },
  { name: "a.c.x", level: "error", appenders: ["c"] },
  { name: "a.d", level: "silent", appenders: ["a", "r"] },
  { name: "e", level: "silent", appenders: [] },
  { name: "", level: "warn", appenders: ["r"] },
]) {
  test(`log4j's inheritance and additivity: ${name === "" ? "root" : name}`, () => {
    assert.deepEqual(routeOf(LAYERED, name), { level, appenders });
  });
}
