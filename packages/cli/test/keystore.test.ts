import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { generateKeystore, KEYSTORE_PASSWORD } from "../src/create/keystore.ts";

const DAY_MS = 86_400_000;
let folder: string;
let file: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "tsapollo-keystore-"));
  file = join(folder, "keystore");
  writeFileSync(file, await generateKeystore("mybroker", 2_048));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("instance 21.1: a TLS server runs on the key store, and its certificate can be trusted", async () => {
  const server = createServer({ pfx: readFileSync(file), passphrase: KEYSTORE_PASSWORD }, (socket) => {
    socket.end("hello");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const first = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(first, "secureConnect");
  const certificate = certificateOf(first);
  for (const servername of ["mybroker", "localhost"]) {
    const ca = certificate.toString();
    const client = connect({ port, host: "127.0.0.1", servername, ca });
    await once(client, "secureConnect");
    assert.equal(client.authorized, true);
    client.destroy();
  }
  first.destroy();
  server.close();
  await once(server, "close");
});

test("instance 1.5, 21.1: the certificate names the host and lives for 3650 days", async () => {
  const certificate = await storedCertificate();
  assert.equal(certificate.subject, "CN=mybroker");
  assert.equal(certificate.issuer, "CN=mybroker");
  assert.equal(certificate.subjectAltName, "DNS:mybroker, DNS:localhost, IP Address:127.0.0.1");
  assert.equal(certificate.ca, false);
  const days = (Date.parse(certificate.validTo) - Date.now()) / DAY_MS;
  assert.ok(days > 3_649 && days <= 3_650, `${days}`);
  assert.ok(Date.parse(certificate.validFrom) < Date.now());
});

test("a host that can be no DNS name is the common name only; an address is an address", async () => {
  for (const { host, names } of [
    { host: "my broker", names: "DNS:localhost, IP Address:127.0.0.1" },
    { host: "b\u00fccher", names: "DNS:localhost, IP Address:127.0.0.1" },
    { host: "10.1.2.3", names: "IP Address:10.1.2.3, DNS:localhost, IP Address:127.0.0.1" },
    { host: "localhost", names: "DNS:localhost, IP Address:127.0.0.1" },
  ]) {
    writeFileSync(join(folder, "other"), await generateKeystore(host, 2_048));
    const certificate = await storedCertificate(join(folder, "other"));
    assert.equal(certificate.subjectAltName, names);
    assert.equal(certificate.subject, `CN=${host}`);
  }
});

for (const { program, probe, words, expected } of [
  {
    program: "openssl",
    probe: ["version"],
    words: ["pkcs12", "-info", "-nodes", "-passin", `pass:${KEYSTORE_PASSWORD}`, "-in", "keystore"],
    expected: /BEGIN CERTIFICATE[\s\S]*BEGIN PRIVATE KEY/,
  },
  {
    program: "keytool",
    probe: ["-help"],
    words: ["-list", "-keystore", "keystore", "-storepass", KEYSTORE_PASSWORD],
    expected: /mybroker, .*PrivateKeyEntry/,
  },
]) {
  if (spawnSync(program, probe).status !== 0) continue;
  test(`instance 21.1: ${program} reads the key store`, () => {
    const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    assert.match(stdout, expected);
  });
}

function certificateOf(socket: TLSSocket): X509Certificate {
  const certificate = socket.getPeerX509Certificate();
  assert.ok(certificate !== undefined);
  return certificate;
}

/** What a TLS client is shown. */
async function storedCertificate(path = file): Promise<X509Certificate> {
  const server = createServer({ pfx: readFileSync(path), passphrase: KEYSTORE_PASSWORD }).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
  });
  await once(client, "secureConnect");
  const certificate = certificateOf(client);
  client.destroy();
  server.close();
  return certificate;
}
