/**
 * What bare Node sockets cost: answers CONNECT and SUBSCRIBE and nothing else, no checks, no state. Reads into one
 * static buffer, and keeps for each connection the output buffer that a relay would gather a turn's writes in.
 */
import { createServer, Socket } from "node:net";

const OUTPUT_BYTES = 65_536;
const CONNECT = 1;
const SUBSCRIBE = 8;

const readBuffer = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
const topics = new Map<string, Peer[]>();

class Peer {
  readonly #socket: Socket;
  readonly #output: Buffer = Buffer.allocUnsafeSlow(OUTPUT_BYTES);

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Takes whole packets of less than 128 bytes, which is all the load sends. */
  receive(bytes: Uint8Array, end: number): void {
    let used = 0;
    for (let at = 0; at + 2 <= end; at += 2 + bytes[at + 1]!) {
      const type = bytes[at]! >> 4;
      if (type === CONNECT) used = this.#put(used, 0x20, 2, 0, 0);
      if (type !== SUBSCRIBE) continue;
      const nameEnd = at + 6 + ((bytes[at + 4]! << 8) | bytes[at + 5]!);
      const name = readBuffer.toString("latin1", at + 6, nameEnd);
      topics.set(name, [...(topics.get(name) ?? []), this]);
      used = this.#put(used, 0x90, 3, bytes[at + 2]!, bytes[at + 3]!, 0);
    }
    if (used > 0) this.#socket.write(this.#output.subarray(0, used));
  }

  #put(start: number, ...bytes: number[]): number {
    this.#output.set(bytes, start);
    return start + bytes.length;
  }
}

const server = createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
  // the accepted socket is a shell; its handle is read into the static buffer by another
  const shell = accepted as unknown as { _handle: unknown };
  const handle = shell._handle;
  shell._handle = null;
  const callback = (size: number, bytes: Uint8Array): boolean => {
    peer.receive(bytes, size);
    return true;
  };
  const socket = new Socket({ handle, onread: { buffer: readBuffer, callback } } as object);
  const peer = new Peer(socket);
  socket.on("error", () => undefined);
  socket.on("end", () => socket.destroy());
  socket.resume();
  socket.read(0);
});
server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.stdout.write(`port ${address.port}\n`);
});
