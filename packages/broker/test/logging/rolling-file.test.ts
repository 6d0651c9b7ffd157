import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FakeClock } from "@tsapollo/testkit";
import {
  FLUSH_DELAY_MS,
  PENDING_BYTES_MAX,
  RollingFile,
  type RollingFileParts,
} from "../../src/logging/rolling-file.ts";

function setUp(t: TestContext, change: Partial<RollingFileParts> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "logs-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "log", "a.log");
  const clock = new FakeClock();
  const reports: string[] = [];
  const parts: RollingFileParts = {
    path,
    fileBytesMax: 1_000_000,
    backupsMax: 2,
    append: true,
    clock,
    report: (text) => void reports.push(text),
    ...change,
  };
  const file = new RollingFile(parts);
  t.after(() => file.close());
  const read = (suffix = ""): string => readFileSync(path + suffix, "utf8");
  return { file, parts, path, folder, clock, reports, read };
}

test("the folder and the file come into being", (t) => {
  assert.equal(setUp(t).read(), "");
});

test("lines wait for company, then leave in one write", (t) => {
  let writes = 0;
  const write = (descriptor: number, bytes: Uint8Array): number => {
    writes += 1;
    return writeSync(descriptor, bytes);
  };
  const { file, clock, read } = setUp(t, { write });
  file.append("one\n");
  file.append("two\n");
  clock.advance(FLUSH_DELAY_MS - 1);
  assert.equal(read(), "");
  clock.advance(1);
  assert.equal(read(), "one\ntwo\n");
  assert.equal(writes, 1);
  assert.equal(clock.timerCount, 0);
});

test("what waits has a bound; flush and close write at once", (t) => {
  const { file, read } = setUp(t);
  file.append(`${"x".repeat(PENDING_BYTES_MAX - 1)}\n`);
  assert.equal(read().length, PENDING_BYTES_MAX);
  file.append("flushed\n");
  file.flush();
  assert.ok(read().endsWith("\nflushed\n"));
  file.append("closed\n");
  file.close();
  file.append("too late\n");
  file.flush();
  file.reopen();
  assert.ok(read().endsWith("\nclosed\n"));
});

for (const { append, before } of [
  { append: true, before: "old\n" },
  { append: false, before: "" },
]) {
  test(`[instance 3.6] append=${append}`, (t) => {
    const { file, parts, read } = setUp(t);
    file.append("old\n");
    file.close();
    const next = new RollingFile({ ...parts, append });
    next.append("new\n");
    next.close();
    assert.equal(read(), `${before}new\n`);
  });
}

for (const { backupsMax, files } of [
  { backupsMax: 2, files: { "": "", ".1": "4444\n", ".2": "3333\n" } },
  { backupsMax: 1, files: { "": "", ".1": "4444\n" } },
  { backupsMax: 0, files: { "": "" } },
]) {
  test(`[instance 3.6] rolls over, .1 is the newest of ${backupsMax}`, (t) => {
    const { file, path, read } = setUp(t, { backupsMax, fileBytesMax: 5 });
    for (const line of ["1111\n", "2222\n", "3333\n", "4444\n"]) file.append(line);
    for (const [suffix, text] of Object.entries(files)) assert.equal(read(suffix), text, suffix);
    assert.ok(!existsSync(`${path}.${backupsMax + 1}`));
  });
}

test("rolls over after the line that reaches the size, what was there before included", (t) => {
  const { file, parts, read } = setUp(t);
  file.append("12345\n");
  file.close();
  const next = new RollingFile({ ...parts, fileBytesMax: 10 });
  next.append("é\n");
  next.append("9\n");
  next.append("next\n");
  next.close();
  assert.equal(read(".1"), "12345\né\n9\n");
  assert.equal(read(), "next\n");
});

test("a backup that cannot be moved costs the limit, not the lines", (t) => {
  const { file, path, read } = setUp(t, { fileBytesMax: 5, backupsMax: 1 });
  mkdirSync(join(`${path}.1`, "in the way"), { recursive: true });
  file.append("1111\n");
  file.append("22\n");
  file.flush();
  assert.equal(read(), "1111\n22\n");
  rmSync(`${path}.1`, { recursive: true });
  file.append("3\n");
  assert.equal(read(".1"), "1111\n22\n3\n");
});

test("a full disk drops lines, counts them and tells once when it recovers", (t) => {
  let full = true;
  const write = (descriptor: number, bytes: Uint8Array): number => {
    if (full) throw new Error("ENOSPC: no space left on device");
    return writeSync(descriptor, bytes);
  };
  const { file, path, clock, reports, read } = setUp(t, { write });
  for (let line = 0; line < 3; line += 1) {
    file.append(`lost ${line}\n`);
    clock.advance(FLUSH_DELAY_MS);
  }
  assert.deepEqual(reports, []);
  full = false;
  file.append("kept\n");
  file.flush();
  file.append("kept too\n");
  file.flush();
  assert.equal(read(), "kept\nkept too\n");
  assert.deepEqual(reports, [`3 lines of ${path} were lost: ENOSPC: no space left on device`]);
});

test("a line cut by a full disk is ended before the next", (t) => {
  let room = 6;
  const write = (descriptor: number, bytes: Uint8Array): number => {
    if (room === 0) throw new Error("ENOSPC");
    const count = writeSync(descriptor, bytes.subarray(0, room));
    room -= count;
    return count;
  };
  const { file, path, reports, read } = setUp(t, { write });
  file.append("one\ntwo\nthree\n");
  file.flush();
  room = 100;
  file.append("four\n");
  file.flush();
  assert.equal(read(), "one\ntw\nfour\n");
  assert.deepEqual(reports, [`2 lines of ${path} were lost: ENOSPC`]);
});

test("a file that cannot be opened is told of at once and tried again", (t) => {
  const { file, parts, folder, reports } = setUp(t);
  file.close();
  rmSync(join(folder, "log"), { recursive: true });
  writeFileSync(join(folder, "log"), "not a folder");
  const next = new RollingFile(parts);
  assert.match(reports[0]!, /^cannot write .*a\.log: E\w+: .*; its lines are lost until that is mended$/);
  next.append("lost\n");
  next.flush();
  rmSync(join(folder, "log"));
  next.append("kept\n");
  next.close();
  assert.equal(readFileSync(parts.path, "utf8"), "kept\n");
  assert.match(reports[1]!, /^1 lines of .*a\.log were lost: E/);
  assert.equal(reports.length, 2);
});

test("what was lost is told at the latest when the file is closed", (t) => {
  const write = (): number => {
    throw new Error("EIO");
  };
  const { file, path, reports } = setUp(t, { write });
  file.append("lost\n");
  file.close();
  assert.deepEqual(reports, [`1 lines of ${path} were lost: EIO`]);
});

test("[instance 21.5] reopen goes on in a new file", (t) => {
  const { file, path, read } = setUp(t);
  file.append("old\n");
  renameSync(path, `${path}.moved`);
  file.reopen();
  file.append("new\n");
  file.flush();
  assert.equal(read(".moved"), "old\n");
  assert.equal(read(), "new\n");
});
