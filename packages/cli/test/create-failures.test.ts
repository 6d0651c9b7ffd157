// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what configurations take for references
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { placeFiles } from "../src/create/place-files.ts";
import { emptyFolder, filesBelow, QUICK_KEY, tsapollo } from "./support.ts";

test("instance 1.5: an existing file needs --force, and nothing is written without it", (t) => {
  const folder = emptyFolder(t);
  mkdirSync(join(folder, "b/etc"), { recursive: true });
  writeFileSync(join(folder, "b/etc/users.properties"), "admin=secret\n");
  assert.deepEqual(tsapollo(folder, "create", "b"), {
    code: 1,
    stdout: "Creating apollo instance at: b\n",
    stderr: "ERROR: The file 'b/etc/users.properties' already exists.  Use --force to overwrite.\n",
  });
  assert.deepEqual(filesBelow(folder), ["b/etc/users.properties"]);
});

test("instance 1.5: what is in the folder and not ours stays", (t) => {
  const folder = emptyFolder(t);
  mkdirSync(join(folder, "b/data"), { recursive: true });
  writeFileSync(join(folder, "b/data/000001.log"), "messages");
  assert.equal(tsapollo(folder, "create", "--without-ssl", "b").code, 0);
  assert.equal(readFileSync(join(folder, "b/data/000001.log"), "utf8"), "messages");
  assert.equal(
    readdirSync(join(folder, "b")).some((name) => name.startsWith(".")),
    false,
  );
});

test("instance 20 (1): --force over an instance with TLS keeps TLS", (t) => {
  const folder = emptyFolder(t);
  tsapollo(folder, "create", QUICK_KEY, "b");
  const before = readFileSync(join(folder, "b/etc/keystore"));
  writeFileSync(join(folder, "b/etc/users.properties"), "admin=secret\n");
  const { code, stderr } = tsapollo(folder, "create", QUICK_KEY, "--force", "b");
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.notDeepEqual(readFileSync(join(folder, "b/etc/keystore")), before);
  assert.match(readFileSync(join(folder, "b/etc/apollo.xml"), "utf8"), /<key_storage /);
  assert.match(readFileSync(join(folder, "b/etc/users.properties"), "utf8"), /^admin=password$/m);
  assert.equal(
    readdirSync(join(folder, "b")).some((name) => name.startsWith(".")),
    false,
  );
});

test("instance 20 (1): a failure leaves no half-written instance", (t) => {
  const folder = emptyFolder(t);
  writeFileSync(join(folder, "file"), "");
  for (const { target, text } of [
    { target: "file", text: /^ERROR: 'file' is a file: the broker instance needs a folder\n$/ },
    { target: "file/b", text: /^ERROR: ENOTDIR: .*\n$/ },
    { target: "/proc/nothing/b", text: /^ERROR: [A-Z]+: .*\n$/ },
  ]) {
    const { code, stdout, stderr } = tsapollo(folder, "create", "--without-ssl", target);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: `Creating apollo instance at: ${target}\n` });
    assert.match(stderr, text);
  }
  assert.deepEqual(filesBelow(folder), ["file"]);
});

test("instance 20 (1): a folder that cannot be made undoes the ones before it", (t) => {
  const folder = emptyFolder(t);
  mkdirSync(join(folder, "b/etc"), { recursive: true });
  writeFileSync(join(folder, "b/log"), "");
  const { code, stderr } = tsapollo(folder, "create", "--without-ssl", "b");
  assert.equal(code, 1);
  assert.match(stderr, /^ERROR: '.*\/b\/log' is in the way: it should be a folder\n$/);
  assert.deepEqual(filesBelow(folder), ["b/etc/", "b/log"]);
});

test("instance 20 (1): a file that cannot be moved puts back the ones before it, and those they replaced", (t) => {
  const folder = emptyFolder(t);
  for (const name of ["finished", "target"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "both"), name);
  }
  writeFileSync(join(folder, "finished/new"), "");
  const staged = {
    finished: join(folder, "finished"),
    replaced: join(folder, "replaced"),
    folders: ["made"],
    files: ["both", "new", "missing"],
  };
  assert.throws(() => placeFiles(staged, join(folder, "target")), /ENOENT/);
  assert.deepEqual(filesBelow(join(folder, "target")), ["both"]);
  assert.equal(readFileSync(join(folder, "target/both"), "utf8"), "target");
});

test("instance 1.5: folders above the instance are created", (t) => {
  const folder = emptyFolder(t);
  assert.equal(tsapollo(folder, "create", "--without-ssl", "x/y/b").code, 0);
  assert.ok(statSync(join(folder, "x/y/b/etc/apollo.xml")).isFile());
});

for (const { words, text } of [
  { words: ["--key-size", "1024", "b"], text: "--key-size 1024 is wrong: a multiple of 8 from 2048 to 8192" },
  {
    words: ["--encoding", "EBCDIC", "b"],
    text: "--encoding EBCDIC is wrong: text files can be written in UTF-8, ISO-8859-1, US-ASCII",
  },
  { words: ["--with-ssl", "--without-ssl", "b"], text: "--with-ssl and --without-ssl exclude each other" },
  { words: [""], text: "the argument <directory> is empty: name the folder of the broker instance" },
  { words: ["/"], text: "the directory has no name to call the host by: add --host <host>" },
  {
    words: ["--host", "a\nb", "b"],
    text: "the host name is wrong: at most 255 characters and no control characters",
  },
  {
    words: ["--host", "b\u00fccher", "--encoding", "us-ascii", "b"],
    text: "the host name 'b\u00fccher' cannot be written in US-ASCII: add --encoding UTF-8 or another --host <host>",
  },
  {
    words: ["--host", "\u20ac", "--encoding", "ISO-8859-1", "b"],
    text: "the host name '\u20ac' cannot be written in ISO-8859-1: add --encoding UTF-8 or another --host <host>",
  },
  {
    words: ["--host", "a${env.HOME}", "b"],
    text: "the host name 'a${env.HOME}' contains ${, which etc/apollo.xml takes for a reference: add another --host <host>",
  },
  {
    words: ["--host", "a", "/nowhere/${x}/b"],
    text: "the path '/nowhere/${x}/b' contains ${, which etc/apollo.xml takes for a reference",
  },
]) {
  test(`instance 1.4: create ${JSON.stringify(words)} is refused in one line`, (t) => {
    const folder = emptyFolder(t);
    assert.deepEqual(tsapollo(folder, "create", ...words), {
      code: 1,
      stdout: "",
      stderr: `tsapollo: ${text}\nSee 'tsapollo help create' for more information.\n`,
    });
    assert.deepEqual(filesBelow(folder), []);
  });
}

test("instance 1.5: --home must hold an installation", (t) => {
  const folder = emptyFolder(t);
  const { code, stderr } = tsapollo(folder, "create", "--without-ssl", "--home", "nowhere", "b");
  assert.equal(code, 1);
  assert.match(stderr, /^ERROR: no tsapollo is installed at '.*\/nowhere': looked for .*\n$/);
  mkdirSync(join(folder, "there/packages/cli/bin"), { recursive: true });
  writeFileSync(join(folder, "there/packages/cli/bin/tsapollo.js"), "");
  assert.equal(tsapollo(folder, "create", "--without-ssl", "--home", "there", "b").code, 0);
  const script = readFileSync(join(folder, "b/bin/broker"), "utf8");
  assert.ok(script.includes(`recorded='${folder}/there/packages/cli/bin/tsapollo.js'`));
});
