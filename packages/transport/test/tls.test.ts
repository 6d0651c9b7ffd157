import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { SecureMaterial } from "../src/index.ts";
import { BROKER_NAME, issue, pkcs12 } from "./certificates.ts";
import { Client, frame, start, until } from "./support.ts";

const ca = issue([{ shortName: "CN", value: "the authority" }]);
const server = issue(BROKER_NAME, ca);
const known = issue(
  [
    { shortName: "O", value: "a+b" },
    { shortName: "CN", value: "known" },
  ],
  ca,
);
const stranger = issue([{ shortName: "CN", value: "stranger" }]);
const secure: SecureMaterial = { key: server.key, cert: server.cert, ca: [ca.cert] };

async function connectTls(port: number, options: ConnectionOptions = {}): Promise<Client> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    ca: ca.cert,
    checkServerIdentity: () => undefined,
    ...options,
  });
  const client = new Client(socket);
  await Promise.race([once(socket, "secureConnect"), once(socket, "close")]).catch(() => undefined);
  return client;
}

const OPEN = Buffer.concat([Buffer.from("echo"), frame("hi")]);

describe("TLS", () => {
  for (const bind of ["tls://127.0.0.1:0", "tcp://127.0.0.1:0", "ssl://127.0.0.1:0?tls_min_version=1.3"]) {
    test(`10.1, 11.3 ${bind} with TLS: detection inside, chain and server name known`, async () => {
      await using rig = await start(bind, {}, { secure });
      const client = await connectTls(rig.port, { ...known, servername: "broker.example" });
      client.send(OPEN);
      assert.deepEqual(await client.read(6), frame("hi"));
      const { connection } = rig.adapter.last;
      assert.deepEqual(connection.certificateNames, ["CN=known,O=a\\+b", "CN=the authority"]);
      assert.equal(connection.serverName, "broker.example");
      assert.equal(rig.log.texts("connected:").length, 1);
      const big = frame(Buffer.alloc(2_000_000, "t"));
      client.send(big, frame("z"));
      assert.deepEqual(await client.read(big.length + 5), Buffer.concat([big, frame("z")]));
      client.close();
      await until(() => rig.adapter.last.closedCount === 1 && rig.connector.connectionCount === 0);
    });
  }

  test("21.3 want: who shows nothing is anonymous, who shows a bad certificate is refused", async () => {
    await using rig = await start("tls://127.0.0.1:0", {}, { secure });
    const nobody = await connectTls(rig.port);
    nobody.send(OPEN);
    assert.deepEqual(await nobody.read(6), frame("hi"));
    assert.deepEqual(rig.adapter.last.connection.certificateNames, []);
    nobody.close();
    const bad = await connectTls(rig.port, { key: stranger.key, cert: stranger.cert });
    bad.send(OPEN);
    await until(() => bad.isClosed);
    assert.equal(rig.adapter.handlers.length, 1);
    assert.match(rig.log.texts("refused")[0]!, /its certificate is not trusted/);
  });

  test("21.3 need: only a trusted certificate gets in", async () => {
    await using rig = await start("tls://127.0.0.1:0?client_auth=need", {}, { secure });
    for (const identity of [{}, { key: stranger.key, cert: stranger.cert }]) {
      const client = await connectTls(rig.port, identity);
      client.send(OPEN);
      await until(() => client.isClosed);
    }
    assert.equal(rig.adapter.handlers.length, 0);
    const client = await connectTls(rig.port, { key: known.key, cert: known.cert });
    client.send(OPEN);
    assert.deepEqual(await client.read(6), frame("hi"));
    client.close();
  });

  test("21.3 none: a certificate is not asked for", async () => {
    await using rig = await start("tls://127.0.0.1:0?client_auth=none", {}, { secure });
    const client = await connectTls(rig.port, { key: stranger.key, cert: stranger.cert });
    client.send(OPEN);
    assert.deepEqual(await client.read(6), frame("hi"));
    assert.deepEqual(rig.adapter.last.connection.certificateNames, []);
    client.close();
  });

  for (const bind of ["tls://127.0.0.1:0", "tcp://127.0.0.1:0"])
    test(`a client that renegotiates is closed: ${bind}`, async () => {
      await using rig = await start(bind, {}, { secure });
      const client = await connectTls(rig.port, { maxVersion: "TLSv1.2" });
      client.send(OPEN);
      assert.deepEqual(await client.read(6), frame("hi"));
      (client.socket as TLSSocket).renegotiate({}, () => undefined);
      await until(() => client.isClosed && rig.adapter.last.closedCount === 1);
    });

  test("a resumed session keeps its client's certificate", async () => {
    await using rig = await start("tls://127.0.0.1:0", {}, { secure });
    const first = await connectTls(rig.port, { ...known });
    const session = once(first.socket, "session");
    first.send(OPEN);
    await first.read(6);
    const second = await connectTls(rig.port, { ...known, session: (await session)[0] as Buffer });
    second.send(OPEN);
    await second.read(6);
    assert.equal((second.socket as TLSSocket).isSessionReused(), true);
    assert.equal(rig.adapter.last.connection.certificateNames[0], "CN=known,O=a\\+b");
    first.close();
    second.close();
  });

  test("15 a PKCS#12 store serves and vouches as it is", async () => {
    const store = pkcs12(server, "secret", "broker", [ca]);
    await using rig = await start(
      "tls://127.0.0.1:0",
      {},
      { secure: { pfx: store, passphrase: "secret", ca: [] } },
    );
    const client = await connectTls(rig.port, { ...known });
    client.send(OPEN);
    assert.deepEqual(await client.read(6), frame("hi"));
    assert.equal(rig.adapter.last.connection.certificateNames[0], "CN=known,O=a\\+b");
    client.close();
  });

  test("a handshake that stalls or fails ends, and is counted out", async () => {
    await using rig = await start("tls://127.0.0.1:0", { handshakeTimeoutMs: 100 }, { secure });
    const silent = await Client.connect(rig.port);
    const plain = await Client.connect(rig.port);
    plain.send(OPEN);
    await until(() => plain.isClosed && silent.isClosed);
    await until(() => rig.connector.connectionCount === 0);
  });

  test("15 without key material: TLS does not start, and is not detected on a plain port", async () => {
    await assert.rejects(start("tls://127.0.0.1:0"), {
      code: "CANNOT_LISTEN",
      message: "You are using a transport that expects the broker's key storage to be configured.",
    });
    await using rig = await start();
    const client = await connectTls(rig.port);
    await until(() => client.isClosed);
    assert.equal(rig.log.texts("Could not identify the protocol.").length, 1);
  });

  test("11.3 a ClientHello in pieces on a plain port", async () => {
    await using rig = await start("tcp://127.0.0.1:0", {}, { secure });
    const raw = await Client.connect(rig.port);
    const { Duplex } = await import("node:stream");
    const slow = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        const head = [...chunk.subarray(0, 9)].map((byte) => Buffer.of(byte));
        const pieces = [...head, chunk.subarray(9)];
        const next = (): void => {
          const piece = pieces.shift();
          if (piece === undefined) return done();
          raw.socket.write(piece);
          setTimeout(next, 1);
        };
        next();
      },
    });
    raw.socket.on("data", (chunk: Buffer) => slow.push(chunk));
    const socket = connect({ socket: slow, ca: ca.cert, checkServerIdentity: () => undefined });
    const client = new Client(socket);
    await once(socket, "secureConnect");
    client.send(OPEN);
    assert.deepEqual(await client.read(6), frame("hi"));
    raw.close();
  });
});
