import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { describe, test } from "node:test";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { vouchedChain } from "../src/client-chain.ts";
import { readKeyStore, type SecureMaterial } from "../src/index.ts";
import { BROKER_NAME, type Identity, issue, pkcs12, reissue } from "./certificates.ts";
import { Client, frame, start } from "./support.ts";

const named = (value: string): { shortName: string; value: string }[] => [{ shortName: "CN", value }];

const root = issue(named("root"));
const middle = issue(named("middle"), root, true);
const server = issue(BROKER_NAME, root);
const ofRoot = issue(named("lowly"), root);
const ofMiddle = issue(named("lowly"), middle);
const admin = issue(named("admin"));

/** Signed by the attacker: the names of real authorities, with keys of his own and with theirs. */
const fakeRoot = issue(named("root"), admin, true);
const copiedRoot = reissue(root, admin);
const copiedMiddle = reissue(middle, admin);

const secure: SecureMaterial = { key: server.key, cert: server.cert, ca: [root.cert] };

async function namesOf(material: SecureMaterial, chain: readonly Identity[], query = ""): Promise<unknown> {
  await using rig = await start(`tls://127.0.0.1:0${query}`, {}, { secure: material });
  const cert = chain.map((one) => one.cert).join("");
  const socket = connect({ port: rig.port, rejectUnauthorized: false, key: chain[0]!.key, cert });
  const client = new Client(socket);
  await Promise.race([once(socket, "secureConnect"), once(socket, "close")]);
  client.send("echo", frame("hi"));
  await client.read(6);
  client.close();
  return rig.adapter.handlers[0]?.connection.certificateNames;
}

describe("13.5 the names of a client are those that the trusted authorities vouch for", () => {
  for (const { what, chain, names } of [
    { what: "the leaf alone", chain: [ofRoot], names: ["CN=lowly", "CN=root"] },
    { what: "its root", chain: [ofRoot, root], names: ["CN=lowly", "CN=root"] },
    { what: "a real one between", chain: [ofMiddle, middle], names: ["CN=lowly", "CN=middle", "CN=root"] },
    {
      what: "a root's name on another key",
      chain: [ofRoot, fakeRoot, admin],
      names: ["CN=lowly", "CN=root"],
    },
    {
      what: "a root's name and key",
      chain: [ofRoot, copiedRoot, admin],
      names: ["CN=lowly", "CN=root"],
    },
    { what: "strangers behind", chain: [ofRoot, root, admin], names: ["CN=lowly", "CN=root"] },
    {
      what: "a copy behind the one between",
      chain: [ofMiddle, middle, copiedMiddle, admin],
      names: ["CN=lowly", "CN=middle", "CN=root"],
    },
  ])
    for (const auth of ["want", "need"])
      test(`presented: ${what} (${auth})`, async () => {
        assert.deepEqual(await namesOf(secure, chain, `?client_auth=${auth}`), names);
      });

  test("in doubt only the leaf: what a copied name and key lead to is nobody trusted", () => {
    const links = [ofMiddle, copiedMiddle, admin].map(
      (one) => ({ raw: new X509Certificate(one.cert).raw }) as DetailedPeerCertificate,
    );
    for (const [i, link] of links.entries()) link.issuerCertificate = links[i + 1] ?? link;
    const chain = vouchedChain(links[0]!, [new X509Certificate(root.cert)]);
    assert.deepEqual(
      chain.map((one) => one.subject),
      ["CN=lowly"],
    );
  });

  test("15 so too with the authorities of a PKCS#12 store", async () => {
    const store = await readKeyStore(pkcs12(server, "secret", "broker", [root]), "secret", "");
    assert.ok(store.pfx !== undefined);
    assert.deepEqual(await namesOf(store, [ofRoot, fakeRoot, admin]), ["CN=lowly", "CN=root"]);
  });

  test("15 in doubt only the leaf: a store whose authorities nobody listed", async () => {
    const store = { pfx: pkcs12(server, "secret", "broker", [root]), passphrase: "secret", ca: [] };
    assert.deepEqual(await namesOf(store, [ofRoot, fakeRoot, admin]), ["CN=lowly"]);
  });
});
