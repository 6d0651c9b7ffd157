import assert from "node:assert/strict";
import type { Instance } from "./instance.ts";
import type { Frame } from "./stomp-frame.ts";
import { type Headers, type Hello, StompWire } from "./stomp-wire.ts";

/** A STOMP connection for which receipts and messages need not come in one order. */
export class StompChat {
  readonly wire: StompWire;
  readonly #messages: Frame[] = [];
  readonly #receipts: Set<string> = new Set();

  constructor(wire: StompWire) {
    this.wire = wire;
  }

  static async connect(broker: Instance, hello: Hello = { version: "1.2" }): Promise<StompChat> {
    return new StompChat(await StompWire.connect(broker, hello));
  }

  /** Takes one more frame, which may be anything but an ERROR. */
  async #receive(what: string): Promise<void> {
    const frame = await this.wire.receive(what);
    if (frame.command === "MESSAGE") this.#messages.push(frame);
    else {
      assert.equal(frame.command, "RECEIPT", `${what}: ${frame.lines.join(" ")} ${frame.text}`);
      this.#receipts.add(frame.header("receipt-id")!);
    }
  }

  /** Sends a frame and waits until it is confirmed. */
  async sync(command: string, headers: Headers = {}, body = ""): Promise<void> {
    const receipt = this.wire.sendWithReceipt(command, headers, body);
    while (!this.#receipts.delete(receipt)) await this.#receive(`the receipt of ${command}`);
  }

  /** Sends a persistent message and waits until it is confirmed. */
  send(destination: string, body: string, more: Headers = {}): Promise<void> {
    return this.sync("SEND", { destination, persistent: "true", ...more }, body);
  }

  /** The next message, which must be this. */
  async message(body: string): Promise<Frame> {
    while (this.#messages.length === 0) await this.#receive(`message '${body}'`);
    const frame = this.#messages.shift()!;
    assert.equal(frame.text, body);
    return frame;
  }

  /** Nothing else has come, or comes up to an answer. */
  async nothingMore(): Promise<void> {
    await this.sync("BEGIN", { transaction: "round trip" });
    await this.sync("ABORT", { transaction: "round trip" });
    assert.deepEqual(
      this.#messages.map(({ text }) => text),
      [],
    );
  }
}
