import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ERRORS } from "@tsapollo/domain";
import { ROOT, type SourceFile, sourceFiles, withoutComments } from "./source-tree.ts";

const LINES_MAX = 400;
const FILES_MIN = 150;

/** Layers by package; each may import the layers listed for it. [architecture 2] */
const LAYERS: Readonly<Record<string, string>> = {
  domain: "words",
  "stomp-parser": "words",
  selector: "words",
  core: "engine",
  "protocol-stomp": "adapter",
  "protocol-mqtt": "adapter",
  "protocol-amqp": "adapter",
  transport: "adapter",
  "store-memory": "adapter",
  "store-level": "adapter",
  security: "adapter",
  config: "adapter",
  testkit: "tool",
  broker: "root",
  cli: "root",
  bench: "root",
};
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  words: [],
  engine: ["words"],
  adapter: ["words"],
  tool: ["words"],
  root: ["words", "engine", "adapter", "tool", "root"],
};

const sources = sourceFiles("packages", ".ts").filter(({ path }) => !path.endsWith(".d.ts"));
const inSrc = sources.filter(({ path }) => /^packages\/[^/]+\/src\//.test(path));
const inTests = [...sources.filter(({ path }) => path.includes("/test/")), ...sourceFiles("test", ".ts")];

function offenders(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) => {
    const found = withoutComments(text).match(pattern);
    return found === null ? [] : [`${path}: ${found[0]}`];
  });
}

test("the look over the tree sees the tree", () => {
  assert.ok(inSrc.length > FILES_MIN, `only ${inSrc.length} source files seen`);
  assert.ok(inTests.length > 40, `only ${inTests.length} test files seen`);
  const packages = readdirSync(join(ROOT, "packages"));
  assert.deepEqual(
    packages.filter((name) => LAYERS[name] === undefined),
    [],
    "a package without a layer",
  );
});

test("imports only go down the layers [architecture 2]", () => {
  const wrong: string[] = [];
  for (const { path, text } of inSrc) {
    const own = path.split("/")[1]!;
    const layer = LAYERS[own]!;
    for (const [, name] of withoutComments(text).matchAll(/from "@tsapollo\/([a-z-]+)"/g)) {
      const target = LAYERS[name!];
      if (target === undefined || !ALLOWED[layer]!.includes(target)) wrong.push(`${path} imports ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("core and domain know no protocol's name [architecture 2]", () => {
  const files = inSrc.filter(({ path }) => /^packages\/(core|domain)\//.test(path));
  assert.ok(files.length > 30, `only ${files.length} files seen`);
  assert.deepEqual(offenders(files, /stomp|mqtt|amqp/i), []);
});

test("words do no input or output", () => {
  const files = inSrc.filter(({ path }) => /^packages\/(domain|stomp-parser|selector)\//.test(path));
  assert.deepEqual(offenders(files, /from "node:/), []);
});

test("no mutable state at module level", () => {
  assert.deepEqual(offenders(inSrc, /^(export )?(let|var) /m), []);
});

test("no leftovers: console, notes to oneself, focused or skipped tests", () => {
  assert.deepEqual(offenders(inSrc, /(?<![.\w#])console\./), []);
  const word = ["TO", "DO|FIX", "ME|X", "XX"].join("");
  for (const files of [inSrc, inTests]) {
    const found = files
      .filter(({ text }) => new RegExp(`\\b(${word})\\b`).test(text))
      .map(({ path }) => path);
    assert.deepEqual(found, []);
  }
  assert.deepEqual(offenders(inTests, /\b(test|it|describe)\.(only|skip|todo)\b/), []);
});

test(`no file has more than ${LINES_MAX} lines`, () => {
  const long = [...inSrc, ...inTests].filter(({ text }) => text.split("\n").length > LINES_MAX + 1);
  assert.deepEqual(
    long.map(({ path, text }) => `${path}: ${text.split("\n").length}`),
    [],
  );
});

test("every exported name has a docstring", () => {
  const wrong: string[] = [];
  const exported = /^export (?:abstract )?(?:class|interface|function|async function|const|type) (\w+)/;
  for (const { path, text } of inSrc) {
    const lines = text.split("\n");
    lines.forEach((line, at) => {
      const name = exported.exec(line)?.[1];
      if (name !== undefined && !/\*\/\s*$/.test(lines[at - 1] ?? "")) wrong.push(`${path}: ${name}`);
    });
  }
  assert.deepEqual(wrong, []);
});

test("every error code is documented, and no other", () => {
  const page = readFileSync(join(ROOT, "docs/reference/errors.md"), "utf8");
  const documented = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code!);
  assert.deepEqual(documented.sort(), Object.keys(ERRORS).sort());
});

test("every path that ARCHITECTURE.md and the README name exists", () => {
  for (const page of ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"]) {
    const text = readFileSync(join(ROOT, page), "utf8");
    const named = [...text.matchAll(/`((?:packages|docs|test|instances-template|scripts)\/[\w./-]*)`/g)].map(
      ([, path]) => path!,
    );
    assert.ok(named.length > 0, `${page} names no path`);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(ROOT, path))),
      [],
      page,
    );
  }
});

test("every package has a README and a layer for the boundaries check", () => {
  for (const name of Object.keys(LAYERS)) {
    assert.ok(existsSync(join(ROOT, "packages", name, "README.md")), `packages/${name}/README.md`);
    const turbo = JSON.parse(readFileSync(join(ROOT, "packages", name, "turbo.json"), "utf8")) as {
      tags: string[];
    };
    assert.deepEqual(turbo.tags, [LAYERS[name]], name);
  }
});
