import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatBind, parseBind } from "../src/index.ts";

function parse(uri: string): { bind: ReturnType<typeof parseBind>; warnings: string[] } {
  const warnings: string[] = [];
  return { bind: parseBind(uri, (text) => warnings.push(text)), warnings };
}

describe("bind URIs", () => {
  for (const { uri, scheme, host, port, bound } of [
    { uri: "tcp://0.0.0.0:61613", scheme: "tcp", host: "0.0.0.0", port: 61613, bound: "tcp://0.0.0.0:1" },
    { uri: "tcp://[::]:0", scheme: "tcp", host: "::", port: 0, bound: "tcp://[::]:1" },
    { uri: "ssl://a.b:1", scheme: "tls", host: "a.b", port: 1, bound: "ssl://a.b:1" },
    { uri: "tls://h:1", scheme: "tls", host: "h", port: 1, bound: "tls://h:1" },
    { uri: "tlsv1.2://h:1", scheme: "tls", host: "h", port: 1, bound: "tlsv1.2://h:1" },
    { uri: "ws://h/x", scheme: "ws", host: "h", port: 80, bound: "ws://h:1/x" },
    { uri: "WSS://h:5", scheme: "wss", host: "h", port: 5, bound: "wss://h:1/" },
  ])
    test(`10.1 ${uri}`, () => {
      const { bind, warnings } = parse(uri);
      assert.deepEqual([bind.scheme, bind.host, bind.port, formatBind(bind, 1)], [scheme, host, port, bound]);
      assert.deepEqual(warnings, []);
    });

  for (const { uri, code, message } of [
    { uri: "udp://h:1", code: "UNSUPPORTED", message: /UDP carries datagrams.*protocol to udp or stomp-udp/ },
    { uri: "vm://h:1", code: "BAD_CONFIGURATION", message: /^Unknown transport bind uri: vm:\/\/h:1/ },
    { uri: "61613", code: "BAD_CONFIGURATION", message: /expected scheme:\/\/host:port/ },
    { uri: "tcp://h", code: "BAD_CONFIGURATION", message: /a port from 0 to 65535/ },
    { uri: "tcp://h:65536", code: "BAD_CONFIGURATION", message: /a port from 0 to 65535/ },
    { uri: "tcp://:1", code: "BAD_CONFIGURATION", message: /the host is missing/ },
  ])
    test(`10.1 refused: ${uri}`, () => assert.throws(() => parse(uri), { code, message }));

  test("10.2, 10.3 parameters in both spellings", () => {
    const query =
      "backlog=7&keepAlive=false&max_read_rate=64k&maxWriteRate=1m&client_auth=need&cors_origin=a,%20b" +
      "&max_text_message_size=-1&max_binary_message_size=5&max_idle_time=9&tls_min_version=tlsv1.3&ciphers=HIGH" +
      "&paused_probe=1&paused_bytes=2&maxPausedBytes=3&paused_end_timeout=4&max_leftover_bytes=5";
    const { bind, warnings } = parse(`tcp://h:1?${query}`);
    assert.deepEqual(warnings, []);
    assert.deepEqual(bind.settings, {
      ...parse("tcp://h:1").bind.settings,
      backlog: 7,
      keepAlive: false,
      maxReadRate: 65_536,
      maxWriteRate: 1_048_576,
      clientAuth: "need",
      corsOrigin: ["a", "b"],
      maxBinaryMessageSize: 5,
      maxIdleTimeMs: 9,
      tlsMinVersion: "TLSv1.3",
      ciphers: "HIGH",
      pausedProbeMs: 1,
      pausedBytes: 2,
      maxPausedBytes: 3,
      pausedEndTimeoutMs: 4,
      maxLeftoverBytes: 5,
    });
  });

  for (const { query, warning } of [
    { query: "bcklog=7", warning: /'bcklog' of tcp:\/\/h:1\?bcklog=7 is unknown and ignored/ },
    { query: "max_idle_time_ms=7", warning: /'max_idle_time_ms' .* is unknown/ },
    {
      query: "backlog=many",
      warning: /'many' of the parameter 'backlog' is ignored; expected a number from 1/,
    },
    { query: "constructor=1", warning: /'constructor' .* is unknown and ignored/ },
    { query: "client_id=7", warning: /'client_id' .* is unknown and ignored/ },
    { query: "traffic_class=8", warning: /'traffic_class' .* has no effect: the type of service/ },
  ])
    test(`10.1 warned about: ${query}`, () => {
      const { bind, warnings } = parse(`tcp://h:1?${query}`);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, warning);
      assert.deepEqual(bind.settings, parse("tcp://h:1").bind.settings);
    });

  for (const { query, message } of [
    {
      query: "client_auth=yes",
      message: /'yes' for the 'client_auth' .* set to one of: want, need, or none/,
    },
    { query: "clientAuth=", message: /Invalid setting '' for the 'clientAuth' query option/ },
    { query: "tls_min_version=1.4", message: /'1.4' for the 'tls_min_version' .* one of: 1\.2, 1\.3/ },
    { query: "tls_min_version=constructor", message: /Invalid setting 'constructor'/ },
    { query: "ciphers=BOGUS", message: /'BOGUS' for the 'ciphers' .* a list of cipher names that OpenSSL/ },
    { query: "ciphers=", message: /Invalid setting ''/ },
    { query: "clientauth=need", message: /'clientauth' is unknown; write 'client_auth'/ },
    { query: "client-auth=need", message: /'client-auth' is unknown; write 'client_auth'/ },
    { query: "CLIENT_AUTH=need", message: /write 'client_auth'/ },
    { query: "cleint_auth=need", message: /write 'client_auth'/ },
    { query: "needClientAuth=true", message: /write 'client_auth'/ },
    { query: "cipher=HIGH", message: /write 'ciphers'/ },
    { query: "enabledCipherSuites=x", message: /write 'ciphers'/ },
    { query: "tls_version=1.3", message: /write 'tls_min_version'/ },
    { query: "min_version=1.3", message: /write 'tls_min_version'/ },
  ])
    test(`21.3 security is not guessed: ${query}`, () =>
      assert.throws(() => parse(`tls://h:1?${query}`), { code: "BAD_CONFIGURATION", message }));

  for (const text of ["need", "Need", "NEED"])
    test(`10.2 client_auth=${text}`, () => {
      assert.equal(parse(`tls://h:1?client_auth=${text}`).bind.settings.clientAuth, "need");
    });

  test("21.3 obsolete TLS versions are named and not offered", () => {
    assert.match(parse("sslv3://h:1").warnings[0]!, /sslv3 is obsolete/);
    assert.equal(parse("tlsv1.2://h:1").bind.tlsMaxVersion, "TLSv1.2");
  });
});
