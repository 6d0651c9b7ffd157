import { gzipSync } from "node:zlib";

/** A field of a record: number, and a whole number or bytes. */
export type Field = readonly [number: number, value: number | string | Uint8Array];

/** An archive as Apollo writes it, made without any code of ours: files by kind and their fields. [instance 19] */
export function apolloArchive(
  records: readonly (readonly [kind: string, fields: readonly Field[]])[],
): Buffer {
  const files = [tarFile("0.ver", Buffer.from("1"))];
  records.forEach(([kind, fields], at) => {
    const record = Buffer.concat(fields.map(field));
    files.push(tarFile(`${at + 1}.${kind}`, Buffer.concat([varint(record.length), record])));
  });
  return gzipSync(Buffer.concat([...files, Buffer.alloc(1_024)]));
}

function field([number, value]: Field): Buffer {
  if (typeof value === "number") return Buffer.concat([varint(number * 8), varint(value)]);
  const bytes = Buffer.from(value as string);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** A POSIX tar entry: header block, content, padding. */
function tarFile(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, width: number): void => {
    header.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
  };
  header.write(name, 0);
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding]);
}
