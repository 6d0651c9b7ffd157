/**
 * Decompresses a block of Snappy's format: literals and copies of what came before.
 * @throws RangeError when it is damaged
 */
export function snappyDecompress(input: Uint8Array): Buffer {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input[at++]!;
    size += (byte & 127) * 2 ** shift;
    if (!(byte & 128)) break;
  }
  const output = Buffer.alloc(size);
  let done = 0;
  while (at < input.length) {
    const tag = input[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let length = tag >> 2;
      if (length >= 60) {
        const bytes = length - 59;
        length = 0;
        for (let byte = 0; byte < bytes; byte++) length += input[at++]! * 256 ** byte;
      }
      output.set(input.subarray(at, at + length + 1), done);
      at += length + 1;
      done += length + 1;
      continue;
    }
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    let distance = kind === 1 ? (tag >> 5) << 8 : 0;
    const bytes = kind === 1 ? 1 : kind === 2 ? 2 : 4;
    for (let byte = 0; byte < bytes; byte++) distance += input[at++]! * 256 ** byte;
    if (distance === 0 || distance > done || done + length > size)
      throw new RangeError("damaged Snappy block");
    for (let end = done + length; done < end; done++) output[done] = output[done - distance]!;
  }
  return output;
}
