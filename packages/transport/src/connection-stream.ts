import { Duplex } from "node:stream";
import type { Connection, ProtocolHandler } from "@tsapollo/domain";

/**
 * A connection as a stream, for libraries that want one: the HTTP parser and the WebSocket on a port that speaks
 * everything. Its `handler` must be made the handler of the connection.
 */
export class ConnectionStream extends Duplex {
  /** Takes the connection's bytes. A stream has a `closed` of its own and cannot be the handler itself. */
  readonly handler: ProtocolHandler = {
    bytesWanted: 0,
    receive: (bytes, start, end) => this.#receive(bytes, start, end),
    drained: () => this.#drained(),
    closed: () => this.#gone(),
  };
  readonly #connection: Connection;
  #written: ((error?: Error | null) => void) | undefined = undefined;
  #isGone = false;

  constructor(connection: Connection) {
    super();
    this.#connection = connection;
  }

  #receive(bytes: Uint8Array, start: number, end: number): number {
    // The parser behind may keep parts of it.
    if (!this.push(Buffer.from(bytes.subarray(start, end)))) this.#connection.pauseReading();
    return end;
  }

  #drained(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }

  #gone(): void {
    this.#isGone = true;
    this.destroy();
  }

  override _read(): void {
    this.#connection.resumeReading();
  }

  override _write(chunk: Uint8Array, _encoding: string, written: (error?: Error | null) => void): void {
    const { output } = this.#connection;
    output.write(chunk, 0, chunk.length, true);
    if (output.full) this.#written = written;
    else written();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.close();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#isGone) this.#connection.close();
    this.#drained();
    done(error);
  }
}
