// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of templates are what this is about
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { main } from "../src/index.ts";
import { emptyFolder, filesBelow, QUICK_KEY, tsapollo } from "./support.ts";

const FILES = [
  "bin/apollo-broker",
  "bin/apollo-broker-service",
  "bin/apollo-broker-service.cmd",
  "bin/apollo-broker.cmd",
  "bin/broker",
  "bin/broker-service",
  "bin/broker-service.cmd",
  "bin/broker.cmd",
  "data/",
  "etc/apollo.xml",
  "etc/black-list.txt",
  "etc/groups.properties",
  "etc/keystore",
  "etc/log4j.properties",
  "etc/login.config",
  "etc/systemd/mybroker.service",
  "etc/users.properties",
  "log/",
  "tmp/",
];
const SERVICE = statSync("/etc/init.d", { throwIfNoEntry: false })?.isDirectory()
  ? (bin: string) => `Or you can setup the broker as system service and run it in the background:

   sudo ln -s "${bin}/broker-service" /etc/init.d/
   /etc/init.d/broker-service start

`
  : (bin: string) => `Or you can run the broker in the background using:

   "${bin}/broker-service" start

`;

test("instance 1.5, 2: create prints the tutorial's text and writes every file", (t) => {
  const folder = emptyFolder(t);
  const bin = join(folder, "mybroker", "bin");
  assert.deepEqual(tsapollo(folder, "create", QUICK_KEY, "mybroker"), {
    code: 0,
    stdout: `Creating apollo instance at: mybroker
Generating ssl keystore...

You can now start the broker by executing:  

   "${bin}/broker" run

${SERVICE(bin)}`,
    stderr: "",
  });
  assert.deepEqual(
    filesBelow(folder),
    FILES.map((path) => `mybroker/${path}`),
  );
  const mode = (path: string) => statSync(join(folder, "mybroker", path)).mode & 0o777;
  const umask = process.umask();
  for (const script of FILES.filter((path) => path.startsWith("bin/") && !path.endsWith(".cmd")))
    assert.equal(mode(script), 0o755 & ~umask, script);
  for (const secret of ["etc/keystore", "etc/users.properties"]) assert.equal(mode(secret), 0o600, secret);
  assert.equal(mode(""), 0o755 & ~umask);
});

for (const { existing, name } of [
  { existing: false, name: "x/b" },
  { existing: true, name: "b" },
]) {
  test(`instance 2: no umask opens the folders of ${existing ? "an existing" : "a new"} folder's instance`, (t) => {
    const folder = emptyFolder(t);
    if (existing) mkdirSync(join(folder, name));
    const umask = process.umask(0);
    try {
      assert.equal(tsapollo(folder, "create", "--without-ssl", name).code, 0);
    } finally {
      process.umask(umask);
    }
    const mode = (path: string) => statSync(join(folder, name, path)).mode & 0o777;
    for (const path of ["bin", "data", "log", "tmp", "etc/systemd"]) assert.equal(mode(path), 0o755, path);
    assert.equal(mode("etc"), 0o750);
    if (!existing) for (const path of [".", ".."]) assert.equal(mode(path), 0o755, path);
  });
}

test("instance 1.5: a folder's name may be as long as the file system allows", (t) => {
  const folder = emptyFolder(t);
  const name = "n".repeat(255);
  const { code, stderr } = tsapollo(folder, "create", "--without-ssl", name);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.ok(existsSync(join(folder, name, "etc/systemd", `${"n".repeat(247)}.service`)));
});

test("instance 3.1: apollo.xml has Apollo's elements in Apollo's order", (t) => {
  const folder = emptyFolder(t);
  tsapollo(folder, "create", QUICK_KEY, "mybroker");
  assert.deepEqual(elementsOf(join(folder, "mybroker")), [
    '<broker xmlns="http://activemq.apache.org/schema/activemq/apollo">',
    "<notes>",
    '<log_category console="console" security="security" connection="connection" audit="audit"/>',
    '<authentication domain="apollo"/>',
    '<access_rule allow="admins" action="*"/>',
    '<access_rule allow="*" action="connect" kind="connector"/>',
    '<virtual_host id="mybroker">',
    "<host_name>",
    "<host_name>",
    "<host_name>",
    '<access_rule allow="users" action="connect create destroy send receive consume"/>',
    '<leveldb_store directory="${apollo.base}/data"/>',
    '<web_admin bind="http://127.0.0.1:61680"/>',
    '<web_admin bind="https://127.0.0.1:61681"/>',
    '<connector id="tcp" bind="tcp://0.0.0.0:61613" connection_limit="2000"/>',
    '<connector id="tls" bind="tls://0.0.0.0:61614" connection_limit="2000"/>',
    '<connector id="ws" bind="ws://0.0.0.0:61623" connection_limit="2000"/>',
    '<connector id="wss" bind="wss://0.0.0.0:61624" connection_limit="2000"/>',
    '<key_storage file="${apollo.base}/etc/keystore" password="password" key_password="password"/>',
  ]);
});

for (const { options, connectors, tls } of [
  { options: ["--without-ssl"], connectors: ["tcp", "ws"], tls: false },
  { options: ["--with-ssl=false"], connectors: ["tcp", "ws"], tls: false },
  { options: ["--without-ssl", "--standard-ports"], connectors: ["tcp", "ws", "mqtt", "amqp"], tls: false },
  {
    options: [QUICK_KEY, "--with-ssl", "--standard-ports"],
    connectors: ["tcp", "tls", "ws", "wss", "mqtt", "amqp", "mqtts", "amqps"],
    tls: true,
  },
]) {
  test(`instance 21.1: create ${options.join(" ")} has the connectors ${connectors.join(" ")}`, (t) => {
    const folder = emptyFolder(t);
    const { code, stdout } = tsapollo(folder, "create", ...options, "b");
    assert.equal(code, 0);
    assert.equal(stdout.includes("Generating ssl keystore..."), tls);
    assert.equal(existsSync(join(folder, "b/etc/keystore")), tls);
    const elements = elementsOf(join(folder, "b"));
    const ids = elements.flatMap((element) => /^<connector id="(\w+)"/.exec(element)?.[1] ?? []);
    assert.deepEqual(ids, connectors);
    assert.equal(
      elements.some((element) => element.startsWith("<key_storage")),
      tls,
    );
    assert.equal(
      elements.some((element) => element.includes("https:")),
      tls,
    );
  });
}

test("instance 20 (1): a folder typed as . gives the host its name", (t) => {
  const folder = emptyFolder(t);
  assert.equal(tsapollo(folder, "create", "--without-ssl", ".").code, 0);
  assert.match(
    readFileSync(join(folder, "etc/apollo.xml"), "utf8"),
    new RegExp(`<virtual_host id="${basename(folder)}">`),
  );
});

test("instance 1.5: --host names the virtual host, quoted for XML", (t) => {
  const folder = emptyFolder(t);
  assert.equal(tsapollo(folder, "create", "--without-ssl", "--host", 'a<b>"&c', "x").code, 0);
  const xml = readFileSync(join(folder, "x/etc/apollo.xml"), "utf8");
  assert.match(xml, /<virtual_host id="a&lt;b&gt;&quot;&amp;c">/);
  assert.ok(existsSync(join(folder, "x/etc/systemd/a-b---c.service")));
});

test("instance 1.5: --encoding is what the files in etc are written in", (t) => {
  const folder = emptyFolder(t);
  const words = ["create", "--without-ssl", "--encoding", "iso-8859-1", "--host", "b\u00fccher", "x"];
  assert.equal(tsapollo(folder, ...words).code, 0);
  const xml = readFileSync(join(folder, "x/etc/apollo.xml"), "latin1");
  assert.match(xml, /^<\?xml version="1\.0" encoding="ISO-8859-1"\?>/);
  assert.match(xml, /<virtual_host id="b\u00fccher">/);
});

test("instance 21.1: on Windows there are batch files and a service description instead", async (t) => {
  const folder = emptyFolder(t);
  let stdout = "";
  const code = await main(["create", "--without-ssl", "mybroker"], {
    program: "tsapollo",
    base: undefined,
    workingFolder: folder,
    environment: {},
    platform: "win32",
    stdout: { write: (text) => (stdout += text) },
    stderr: process.stderr,
  });
  assert.equal(code, 0);
  assert.match(
    stdout,
    /as Windows service and run it in the background:\n\n {3}"[^"]+\\bin\\broker-service" install\n/,
  );
  const bin = filesBelow(join(folder, "mybroker", "bin"));
  assert.deepEqual(bin, [
    "apollo-broker-service.cmd",
    "apollo-broker.cmd",
    "broker-service.cmd",
    "broker-service.xml",
    "broker.cmd",
  ]);
  assert.ok(readFileSync(join(folder, "mybroker/bin/broker.cmd"), "utf8").includes("\r\n"));
  assert.match(
    readFileSync(join(folder, "mybroker/bin/broker-service.xml"), "utf8"),
    /<id>apollo-mybroker<\/id>/,
  );
});

/** Start tags of the file that are not in comments, in order. */
function elementsOf(instance: string): string[] {
  const xml = readFileSync(join(instance, "etc/apollo.xml"), "utf8");
  return [...xml.replaceAll(/<!--[\s\S]*?-->/g, "").matchAll(/<[a-z_]+[^>]*>/g)].map(([tag]) => tag);
}
