import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, frame, start, until } from "./support.ts";

describe("connection", () => {
  test("frames come back however the stream is split", async () => {
    await using rig = await start();
    const client = await Client.connect(rig.port);
    const stream = Buffer.concat([Buffer.from("echo"), frame("one"), frame(""), frame("x".repeat(300))]);
    for (const size of [1, 2, 3, 5, 7, 400]) {
      const other = await Client.connect(rig.port);
      for (let at = 0; at < stream.length; at += size) {
        other.send(stream.subarray(at, at + size));
        if (size < 7) await new Promise((resolve) => setImmediate(resolve));
      }
      assert.deepEqual(await other.read(stream.length - 4), stream.subarray(4), `pieces of ${size}`);
      other.close();
    }
    client.close();
  });

  test("a large frame is gathered into a buffer of its own", async () => {
    await using rig = await start();
    const client = await Client.connect(rig.port);
    const big = frame(Buffer.alloc(3_000_000, "abcdefg"));
    client.send("echo", frame("a"), big, frame("z"));
    assert.deepEqual(await client.read(5 + big.length + 5), Buffer.concat([frame("a"), big, frame("z")]));
    assert.deepEqual(rig.adapter.last.ownedSizes, [3_000_000]);
    client.close();
  });

  test("many small frames at once", async () => {
    await using rig = await start();
    const client = await Client.connect(rig.port);
    const many = Buffer.concat(Array.from({ length: 20_000 }, (_, i) => frame(`message ${i}`)));
    client.send("echo", many);
    assert.deepEqual(await client.read(many.length), many);
    client.close();
  });

  test("a slow reader makes the output full; reading on drains it", async () => {
    await using rig = await start("tcp://127.0.0.1:0?write_buffer_size=100k");
    const client = await Client.connect(rig.port);
    client.send("echo", frame("hello"));
    await client.read(9);
    client.socket.pause();
    const { connection } = rig.adapter.last;
    const piece = Buffer.alloc(64 * 1024, 1);
    let pieces = 0;
    while (!connection.output.full) {
      connection.output.write(piece, 0, piece.length, true);
      pieces += 1;
    }
    assert.equal(rig.adapter.last.drainedCount, 0);
    client.socket.resume();
    await client.read(pieces * piece.length);
    await until(() => rig.adapter.last.drainedCount === 1);
    assert.equal(connection.output.full, false);
    client.close();
  });

  test("past max_unsent_bytes the connection is given up, with a log line", async () => {
    await using rig = await start("tcp://127.0.0.1:0?max_unsent_bytes=1m");
    const client = await Client.connect(rig.port);
    client.send("echo", frame("hello"));
    await client.read(9);
    client.socket.pause();
    const piece = Buffer.alloc(64 * 1024, 1);
    for (let i = 0; i < 1000; i++) rig.adapter.last.connection.output.write(piece, 0, piece.length, true);
    await until(() => rig.adapter.last.closedCount === 1);
    assert.match(
      rig.log.texts("down due to")[0]!,
      /wait for the peer to read; max_unsent_bytes allows 1048576/,
    );
    client.close();
  });

  test("pause leaves the rest where it is; resume hands it over later, in order", async () => {
    await using rig = await start();
    const client = await Client.connect(rig.port);
    client.send("echo", frame("0"));
    await client.read(5);
    const handler = rig.adapter.last;
    handler.pauseAfter = 3;
    client.send(Buffer.concat(["1", "2", "3", "4"].map(frame)));
    await until(() => handler.sizes.length === 3);
    client.send(frame("5"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(handler.bodies, ["0", "1", "2"]);
    handler.pauseAfter = Number.POSITIVE_INFINITY;
    handler.connection.resumeReading();
    handler.connection.resumeReading();
    assert.deepEqual(handler.bodies, ["0", "1", "2"], "not before it returns");
    await client.read(25);
    assert.deepEqual(handler.bodies, ["0", "1", "2", "3", "4", "5"]);
    client.close();
  });

  test("an exception in receive costs that connection only", async () => {
    await using rig = await start();
    const good = await Client.connect(rig.port);
    const bad = await Client.connect(rig.port);
    good.send("echo", frame("a"));
    await good.read(5);
    bad.send("echo", frame("throw"));
    await until(() => bad.isClosed);
    await until(() => rig.adapter.last.closedCount === 1);
    const remote = rig.adapter.last.connection.remoteAddress;
    assert.deepEqual(rig.log.texts("down due to"), [`Shutting connection '${remote}'  down due to: a bug`]);
    good.send(frame("b"));
    assert.deepEqual(await good.read(5), frame("b"));
    good.close();
  });

  for (const how of ["close", "linger", "destroy"]) {
    test(`${how}: closed follows once, and what follows in the stream is not read`, async () => {
      await using rig = await start();
      const client = await Client.connect(rig.port);
      client.send(
        Buffer.concat([Buffer.from("echo"), frame("a"), frame(how), frame("b"), Buffer.alloc(100_000)]),
      );
      const text = await client.rest();
      if (how !== "destroy") assert.equal(text, frame("a").toString("latin1"));
      await until(() => rig.adapter.last.closedCount > 0);
      assert.deepEqual(rig.adapter.last.bodies, ["a", how]);
      assert.equal(rig.adapter.last.closedCount, 1);
      await until(() => rig.connector.connectionCount === 0);
    });
  }

  test("a peer that ends its half gets the answers to what it sent", async () => {
    await using rig = await start();
    const client = await Client.connect(rig.port);
    client.socket.end(Buffer.concat([Buffer.from("echo"), frame("bye")]));
    assert.equal(await client.rest(), frame("bye").toString("latin1"));
    await until(() => rig.adapter.last.closedCount === 1);
  });

  test("a peer that ends its half and reads nothing is not waited for without a bound", async () => {
    await using rig = await start(undefined, { closeTimeoutMs: 50 });
    const client = await Client.connect(rig.port);
    client.send("echo", frame("a"));
    await client.read(5);
    client.socket.pause();
    const big = Buffer.alloc(30_000_000);
    rig.adapter.last.connection.output.write(big, 0, big.length, true);
    client.socket.end();
    await until(() => rig.adapter.last.closedCount === 1);
    client.close();
  });

  test("output that no read caused leaves by itself", async () => {
    await using rig = await start();
    const client = await Client.connect(rig.port);
    client.send("echo", frame("a"));
    await client.read(5);
    const { output } = rig.adapter.last.connection;
    output.write(Buffer.from("later"), 0, 5, false);
    assert.equal((await client.read(5)).toString(), "later");
    await Promise.resolve().then(() => output.write(Buffer.from("still"), 0, 5, false));
    assert.equal((await client.read(5)).toString(), "still");
    client.close();
  });

  test("unfinished input is bounded", async () => {
    await using rig = await start("tcp://127.0.0.1:0?max_unfinished_bytes=100k");
    const client = await Client.connect(rig.port);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(4_000_000_000);
    client.send("echo", head, Buffer.alloc(200_000));
    await until(() => client.isClosed);
    assert.match(rig.log.texts("down due to")[0]!, /max_unfinished_bytes allows 102400/);
  });

  test("max_read_rate and max_write_rate slow a connection down and lose nothing [10.2]", async () => {
    for (const parameter of ["max_read_rate", "max_write_rate"]) {
      await using rig = await start(`tcp://127.0.0.1:0?${parameter}=1m`);
      const client = await Client.connect(rig.port);
      const many = Buffer.concat(Array.from({ length: 300 }, () => frame(Buffer.alloc(1000, "r"))));
      const begin = performance.now();
      client.send("echo", many);
      assert.deepEqual(await client.read(many.length), many);
      assert.ok(performance.now() - begin > 150, `${parameter}: ${performance.now() - begin} ms`);
      client.close();
    }
  });
});
