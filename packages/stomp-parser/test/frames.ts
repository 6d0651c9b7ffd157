import {
  type FrameSink,
  StompDecoder,
  type StompFrame,
  type StompLimits,
  type StompVersion,
} from "../src/index.ts";

/** A frame as plain data, to compare. */
export interface PlainFrame {
  readonly command: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export function plain(frame: StompFrame): PlainFrame {
  return {
    command: frame.commandText(),
    headers: frame.headers(),
    body: Buffer.from(frame.body()).toString("latin1"),
  };
}

/** Collects frames; stops after `stopAfter` of them. */
export class Collector implements FrameSink {
  readonly frames: PlainFrame[] = [];
  stopAfter: number = Number.POSITIVE_INFINITY;
  frame(frame: StompFrame): boolean {
    this.frames.push(plain(frame));
    return this.frames.length < this.stopAfter;
  }
}

/** Presents chunks as a transport does: what is left comes again at another place, with more behind it. */
export class Feeder {
  readonly decoder: StompDecoder;
  readonly sink: Collector = new Collector();
  rest: Buffer = Buffer.alloc(0);

  constructor(version?: StompVersion, limits?: StompLimits) {
    this.decoder = new StompDecoder(limits);
    this.decoder.version = version;
  }

  feed(chunk: Uint8Array | string): void {
    this.rest = Buffer.concat([this.rest, Buffer.from(chunk as Uint8Array)]);
    const before = Buffer.alloc(1 + (this.rest.length % 5), 0x41);
    const block = Buffer.concat([before, this.rest, Buffer.alloc(3)]);
    const next = this.decoder.decode(block, before.length, before.length + this.rest.length, this.sink);
    this.rest = this.rest.subarray(next - before.length);
    block.fill(0xee);
  }
}

export function framesOf(text: string, version?: StompVersion, limits?: StompLimits): PlainFrame[] {
  const feeder = new Feeder(version, limits);
  feeder.feed(Buffer.from(text, "latin1"));
  return feeder.sink.frames;
}
