/** A STOMP frame as it came over the wire; header lines are kept as they were written. */
export interface Frame {
  readonly command: string;
  readonly lines: readonly string[];
  readonly body: Buffer;
  /** The first value of a header. */
  header(name: string): string | undefined;
  /** The body as text. */
  readonly text: string;
}

const LF = 0x0a;

/** Cuts bytes into frames: an independent, slow and simple reader of STOMP. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  readonly #onFrame: (frame: Frame) => void;
  readonly #onBeat: () => void;

  constructor(onFrame: (frame: Frame) => void, onBeat: () => void) {
    this.#onFrame = onFrame;
    this.#onBeat = onBeat;
  }

  read(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      let start = 0;
      while (this.#rest[start] === LF) {
        start += 1;
        this.#onBeat();
      }
      this.#rest = this.#rest.subarray(start);
      const end = this.#readFrame();
      if (end === undefined) return;
      this.#rest = this.#rest.subarray(end);
    }
  }

  /** Where the frame ends, or undefined when it is not complete. */
  #readFrame(): number | undefined {
    const headEnd = this.#rest.indexOf("\n\n");
    if (headEnd === -1) return undefined;
    const [command, ...lines] = this.#rest.toString("utf8", 0, headEnd).split("\n");
    const header = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1);
    const length = header("content-length");
    const bodyStart = headEnd + 2;
    const bodyEnd = length === undefined ? this.#rest.indexOf(0, bodyStart) : bodyStart + Number(length);
    if (bodyEnd === -1 || this.#rest.length <= bodyEnd) return undefined;
    if (this.#rest[bodyEnd] !== 0) throw new Error(`no NUL behind the body of ${command}`);
    const body = Buffer.from(this.#rest.subarray(bodyStart, bodyEnd));
    this.#onFrame({ command: command!, lines, body, header, text: body.toString("utf8") });
    return bodyEnd + 1;
  }
}
