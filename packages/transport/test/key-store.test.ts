import assert from "node:assert/strict";
import { createHash, createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { createSecureContext } from "node:tls";
import { readKeyStore, subjectName } from "../src/index.ts";
import { BROKER_NAME, type Identity, issue, pkcs12 } from "./certificates.ts";
import { KEYTOOL_JKS } from "./fixtures/jks.ts";

const authority = issue([{ shortName: "CN", value: "authority" }]);
const broker = issue(BROKER_NAME, authority);
const other = issue([{ shortName: "CN", value: "other" }]);

/** Writes a JKS store as section 15 describes it. */
function jks(
  keys: Record<string, Identity>,
  trusted: Identity[],
  password: string,
  keyPassword: string,
): Buffer {
  const u32 = (value: number): Buffer => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);
  const text = (value: string): Buffer => Buffer.concat([u32(value.length).subarray(2), Buffer.from(value)]);
  const pw = (value: string): Buffer => Buffer.from(value, "utf16le").swap16();
  const sha1 = (...parts: Buffer[]): Buffer => createHash("sha1").update(Buffer.concat(parts)).digest();
  const der = (identity: Identity): Buffer => new X509Certificate(identity.cert).raw;
  const certificate = (identity: Identity): Buffer[] => [
    text("X.509"),
    u32(der(identity).length),
    der(identity),
  ];
  const tlv = (tag: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([tag, 0x82]), u32(content.length).subarray(2), content]);
  const lock = (identity: Identity): Buffer => {
    const clear = createPrivateKey(identity.key).export({ format: "der", type: "pkcs8" });
    const salt = randomBytes(20);
    const cipher = Buffer.from(clear);
    for (let at = 0, block: Buffer = salt; at < clear.length; at += 20) {
      block = sha1(pw(keyPassword), block);
      for (let i = 0; i < 20 && at + i < clear.length; i++) cipher[at + i]! ^= block[i]!;
    }
    const octets = Buffer.concat([salt, cipher, sha1(pw(keyPassword), clear)]);
    const algorithm = Buffer.from("300e060a2b060104012a021101010500", "hex");
    return tlv(0x30, Buffer.concat([algorithm, tlv(0x04, octets)]));
  };
  const entries = Object.entries(keys).map(([alias, identity]) => {
    const locked = lock(identity);
    return Buffer.concat([
      u32(1),
      text(alias),
      Buffer.alloc(8),
      u32(locked.length),
      locked,
      u32(1),
      ...certificate(identity),
    ]);
  });
  const anchors = trusted.map((one, i) =>
    Buffer.concat([u32(2), text(`t${i}`), Buffer.alloc(8), ...certificate(one)]),
  );
  const body = Buffer.concat([
    u32(0xfeedfeed),
    u32(2),
    u32(entries.length + anchors.length),
    ...entries,
    ...anchors,
  ]);
  return Buffer.concat([body, sha1(pw(password), Buffer.from("Mighty Aphrodite"), body)]);
}

function nameIn(pem: string | undefined): string {
  return subjectName(new X509Certificate(pem!).raw);
}

describe("key stores [15]", () => {
  test("JKS: key, chain and trusted certificates", async () => {
    const store = jks({ broker, other }, [authority], "store!", "key!");
    const material = await readKeyStore(store, "store!", "key!");
    assert.equal(nameIn(material.cert), "CN=localhost,OU=broker,O=Unknown\\, Inc.,C=DE");
    assert.ok(new X509Certificate(material.cert!).checkPrivateKey(createPrivateKey(material.key!)));
    assert.deepEqual(
      material.ca.map(nameIn).map((name) => name.slice(0, 8)),
      ["CN=autho", "CN=local", "CN=other"],
    );
    createSecureContext({ key: material.key!, cert: material.cert!, ca: [...material.ca] });
    assert.equal(nameIn((await readKeyStore(store, "store!", "key!", "OTHER")).cert), "CN=other");
  });

  test("JKS: a store that keytool wrote", async () => {
    const store = Buffer.from(KEYTOOL_JKS, "base64");
    const material = await readKeyStore(store, "password", "secret", "broker");
    assert.equal(nameIn(material.cert), "CN=localhost,OU=broker,O=Unknown");
    assert.ok(new X509Certificate(material.cert!).checkPrivateKey(createPrivateKey(material.key!)));
  });

  test("JKS: an empty key password means the store's", async () => {
    const material = await readKeyStore(jks({ broker }, [], "same", "same"), "same", "");
    assert.ok(material.key?.includes("PRIVATE KEY"));
  });

  test("PKCS#12: as it is, by alias, and with keys OpenSSL would not choose", async () => {
    const store = pkcs12(broker, "secret", "Mine", [authority]);
    const whole = await readKeyStore(store, "secret", "");
    assert.equal(whole.passphrase, "secret");
    assert.deepEqual(whole.ca, []);
    const chosen = await readKeyStore(store, "secret", "", "mine");
    assert.match(nameIn(chosen.cert), /^CN=localhost/);
    assert.ok(new X509Certificate(chosen.cert!).checkPrivateKey(createPrivateKey(chosen.key!)));
    assert.equal(chosen.ca.length, 2);
  });

  test("PEM: key, certificate and its authority, in any order", async () => {
    const material = await readKeyStore(Buffer.from(authority.cert + broker.key + broker.cert), "", "");
    assert.match(nameIn(material.cert), /^CN=localhost/);
    assert.equal(material.ca.length, 2);
    const locked = createPrivateKey(broker.key).export({
      format: "pem",
      type: "pkcs8",
      cipher: "aes-256-cbc",
      passphrase: "pw",
    });
    const opened = await readKeyStore(Buffer.from(String(locked) + broker.cert), "pw", "");
    assert.match(opened.key!, /^-----BEGIN PRIVATE KEY/);
    await assert.rejects(readKeyStore(Buffer.from(String(locked) + broker.cert), "no", ""), {
      code: "KEYSTORE_UNREADABLE",
      message: /key password does not open the PEM key/,
    });
  });

  const good = jks({ broker }, [], "a", "b");
  for (const { name, bytes, passwords, message } of [
    {
      name: "JKS, wrong password",
      bytes: good,
      passwords: ["x", "b"],
      message: /password of the key store is wrong/,
    },
    {
      name: "JKS, wrong key password",
      bytes: good,
      passwords: ["a", "x"],
      message: /does not open the key 'broker'/,
    },
    {
      name: "JKS, unknown alias",
      bytes: good,
      passwords: ["a", "b", "zz"],
      message: /no private key 'zz'; it holds: 'broker'/,
    },
    {
      name: "JKS without key",
      bytes: jks({}, [authority], "a", ""),
      passwords: ["a", ""],
      message: /holds no private key/,
    },
    {
      name: "JKS, cut off",
      bytes: good.subarray(0, 40),
      passwords: ["a", "b"],
      message: /wrong, or the file is damaged/,
    },
    {
      name: "PKCS#12, wrong password",
      bytes: pkcs12(broker, "a", "x"),
      passwords: ["b", ""],
      message: /password of the key store is wrong/,
    },
    {
      name: "PKCS#12, wrong password and alias",
      bytes: pkcs12(broker, "a", "x"),
      passwords: ["b", "", "x"],
      message: /password of the key store is wrong/,
    },
    {
      name: "PKCS#12, unknown alias",
      bytes: pkcs12(broker, "a", "x"),
      passwords: ["a", "", "y"],
      message: /no private key 'y'; it holds: 'x'/,
    },
    {
      name: "PEM without key",
      bytes: Buffer.from(broker.cert),
      passwords: ["", ""],
      message: /holds no private key/,
    },
    {
      name: "PEM of strangers",
      bytes: Buffer.from(broker.key + other.cert),
      passwords: ["", ""],
      message: /no certificate for its private key/,
    },
    {
      name: "JCEKS",
      bytes: Buffer.from("cecececeff", "hex"),
      passwords: ["", ""],
      message: /keytool -importkeystore/,
    },
    {
      name: "something else",
      bytes: Buffer.from("hello"),
      passwords: ["", ""],
      message: /not a key store: expected PKCS#12, PEM or JKS/,
    },
    { name: "nothing", bytes: Buffer.alloc(0), passwords: ["", ""], message: /not a key store/ },
  ])
    test(`KEYSTORE_UNREADABLE: ${name}`, async () => {
      const [password, keyPassword, alias] = passwords;
      await assert.rejects(readKeyStore(bytes, password!, keyPassword!, alias), {
        code: "KEYSTORE_UNREADABLE",
        message,
      });
    });

  for (const { parts, text } of [
    {
      parts: [
        ["CN", "a"],
        ["CN", " #x "],
      ],
      text: "CN=\\ #x\\ ,CN=a",
    },
    { parts: [["CN", "#1"]], text: "CN=\\#1" },
    { parts: [["CN", 'q"<>;\\=']], text: 'CN=q\\"\\<\\>\\;\\\\=' },
    {
      parts: [
        ["ST", "x"],
        ["E", "a@b"],
      ],
      text: "1.2.840.113549.1.9.1=#1303614062,ST=x",
    },
  ])
    test(`13.5 RFC 2253 name ${text}`, () => {
      const identity = issue(parts.map(([shortName, value]) => ({ shortName: shortName!, value: value! })));
      assert.equal(nameIn(identity.cert), text);
    });
});
