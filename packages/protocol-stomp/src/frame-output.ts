import { type Clock, type Connection, OUTPUT_RESERVE_MAX, type Output } from "@tsapollo/domain";
import {
  copyBytes,
  headerMax,
  LF,
  NUL,
  type StompCommand,
  type StompVersion,
  writeCommand,
  writeHeader,
} from "@tsapollo/stomp-parser";

const RECEIPT = Buffer.from("RECEIPT\nreceipt-id:");
const ERROR = Buffer.from("ERROR\n");
const MESSAGE = Buffer.from("MESSAGE\n");

/** Longer pieces of a frame are handed over instead of being written into the block. */
const PIECE_MAX = 4_096;

/** Writes frames to one connection, each followed by NUL LF, and remembers when. [messaging 15.2] */
export class FrameOutput {
  readonly #output: Output;
  readonly #clock: Clock;
  /** When something was written last; heart-beats go by it. */
  lastWriteMs: number;

  constructor(connection: Connection, clock: Clock) {
    this.#output = connection.output;
    this.#clock = clock;
    this.lastWriteMs = clock.nowMs();
  }

  /** Whether the peer reads too slowly; see `Output.full`. */
  get full(): boolean {
    return this.#output.full;
  }

  /** A heart-beat. */
  newline(): void {
    const block = this.#output.reserve(1);
    block[this.#output.used++] = LF;
    this.lastWriteMs = this.#clock.nowMs();
  }

  /** RECEIPT for a frame whose `receipt` header had this value, one character for each byte. */
  receipt(receiptId: string): void {
    const size = RECEIPT.length + receiptId.length + 4;
    if (size > PIECE_MAX) {
      const text = Buffer.from(receiptId, "latin1");
      this.#piece(RECEIPT, 0, RECEIPT.length);
      this.#piece(text, 0, text.length);
      this.#piece(END_WITHOUT_BODY, 0, END_WITHOUT_BODY.length);
    } else {
      const block = this.#output.reserve(size);
      let at = copyBytes(block, this.#output.used, RECEIPT, 0, RECEIPT.length);
      for (let index = 0; index < receiptId.length; index += 1) block[at++] = receiptId.charCodeAt(index);
      this.#output.used = copyBytes(block, at, END_WITHOUT_BODY, 0, END_WITHOUT_BODY.length);
    }
    this.lastWriteMs = this.#clock.nowMs();
  }

  /**
   * ERROR. [STOMP-1.2 ERROR] names the receipt that the frame to blame asked for.
   * @param receiptId as for {@link FrameOutput.receipt}; undefined when there is none
   */
  error(text: string, receiptId: string | undefined, body: string, version: StompVersion): void {
    this.#piece(ERROR, 0, ERROR.length);
    const line = new Uint8Array(headerMax("message", text));
    this.#piece(line, 0, writeHeader(line, 0, "message", text, version));
    if (receiptId !== undefined) {
      const receiptLine = Buffer.from(`receipt-id:${receiptId}\n`, "latin1");
      this.#piece(receiptLine, 0, receiptLine.length);
    }
    const rest = Buffer.from(`\n${body}\0\n`);
    this.#piece(rest, 0, rest.length);
    this.lastWriteMs = this.#clock.nowMs();
  }

  /** Any other frame of the broker's own. */
  frame(
    command: StompCommand,
    headers: readonly (readonly [string, string])[],
    body: string,
    version: StompVersion,
  ): void {
    const bodyBytes = Buffer.from(body);
    let size = command.length + 4 + bodyBytes.length;
    for (const [name, value] of headers) size += headerMax(name, value);
    const bytes = new Uint8Array(size);
    let at = writeCommand(bytes, 0, command);
    for (const [name, value] of headers) at = writeHeader(bytes, at, name, value, version);
    bytes[at++] = LF;
    at = copyBytes(bytes, at, bodyBytes, 0, bodyBytes.length);
    bytes[at++] = NUL;
    bytes[at++] = LF;
    this.#output.write(bytes, 0, at, true);
    this.lastWriteMs = this.#clock.nowMs();
  }

  /**
   * MESSAGE: header lines for this delivery in `head[0..headEnd)`, then what all subscribers get, header lines,
   * empty line and body, in `content[start..end)`. `owned` as in `Output.write`.
   */
  message(
    head: Uint8Array,
    headEnd: number,
    content: Uint8Array,
    start: number,
    end: number,
    owned: boolean,
  ): void {
    const size = MESSAGE.length + headEnd + end - start + 2;
    if (size <= OUTPUT_RESERVE_MAX) {
      const output = this.#output;
      const block = output.reserve(size);
      let at = copyBytes(block, output.used, MESSAGE, 0, MESSAGE.length);
      at = copyBytes(block, at, head, 0, headEnd);
      at = copyBytes(block, at, content, start, end);
      block[at++] = NUL;
      block[at++] = LF;
      output.used = at;
    } else {
      this.#piece(MESSAGE, 0, MESSAGE.length);
      this.#piece(head, 0, headEnd);
      this.#output.write(content, start, end, owned);
      this.#piece(END_OF_BODY, 0, END_OF_BODY.length);
    }
    this.lastWriteMs = this.#clock.nowMs();
  }

  #piece(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > PIECE_MAX) {
      this.#output.write(bytes, start, end, false);
      return;
    }
    const block = this.#output.reserve(end - start);
    this.#output.used = copyBytes(block, this.#output.used, bytes, start, end);
  }
}

const END_OF_BODY = Buffer.from("\0\n");
const END_WITHOUT_BODY = Buffer.from("\n\n\0\n");
