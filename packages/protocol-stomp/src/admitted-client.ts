import type { Address, Admission, BrokerError, Clock, Logger, Message, ReadingGate } from "@tsapollo/domain";
import { headerMax, type StompVersion, writeHeader } from "@tsapollo/stomp-parser";
import { type StompAddresses, temporaryScope } from "./addresses.ts";
import { Confirmations } from "./confirmations.ts";
import type { StompConsumer } from "./consumer.ts";
import { Destinations } from "./destinations.ts";
import { foreignContent } from "./foreign-content.ts";
import type { FrameOutput } from "./frame-output.ts";
import { Holders } from "./holders.ts";
import { HOLD } from "./holds.ts";
import type { StompMessageCodec } from "./message-codec.ts";
import type { StompOptions } from "./options.ts";
import { AckIds, type Entry, keptBytes } from "./outstanding.ts";
import { Selectors } from "./selectors.ts";
import { SCRATCH_BYTES, SendComposer } from "./send-composer.ts";
import { Transactions } from "./transactions.ts";
import { userHeaders } from "./user-headers.ts";

/** What all connections of one adapter share. */
export class StompShared {
  readonly options: StompOptions;
  readonly addresses: StompAddresses;
  readonly codec: StompMessageCodec;
  readonly selectors: Selectors;
  /** See {@link SCRATCH_BYTES}. */
  readonly scratch: Uint8Array = new Uint8Array(SCRATCH_BYTES);
  /** Where the header lines of one delivery are put together; grows as needed. */
  head: Uint8Array = new Uint8Array(1_024);
  /** Name of the wire form of a foreign message, which depends on version and spelling. */
  readonly forms: Readonly<Record<StompVersion, string>>;

  constructor(options: StompOptions, addresses: StompAddresses, codec: StompMessageCodec) {
    this.options = options;
    this.addresses = addresses;
    this.codec = codec;
    this.selectors = new Selectors(options.xpath);
    const spelling = JSON.stringify([
      options.queuePrefix,
      options.topicPrefix,
      options.pathSeparator,
      options.anyChildWildcard,
      options.anyDescendantWildcard,
    ]);
    this.forms = Object.freeze({
      "1.0": `stomp 1.0 ${spelling}`,
      "1.1": `stomp 1.1 ${spelling}`,
      "1.2": `stomp 1.2 ${spelling}`,
    });
  }
}

/** The wire form that holds the id generated for a foreign message, so that every subscriber sees the same. */
const GENERATED_ID_FORM = "stomp message-id";

/** What an admitted client is made of. */
export interface AdmittedParts {
  readonly shared: StompShared;
  readonly admission: Admission;
  /** Part of the names of temporary destinations. */
  readonly brokerId: string;
  readonly version: StompVersion;
  readonly output: FrameOutput;
  readonly gate: ReadingGate;
  readonly clock: Clock;
  /** The connection log, bound to the connection. */
  readonly logger: Logger;
  /** Ends the connection with an ERROR frame. */
  readonly fail: (error: BrokerError) => void;
  /** The engine has answered for something. */
  readonly confirmed: () => void;
}

/** A client that was let in, and everything the commands of its connection work on. */
export class AdmittedClient {
  readonly admission: Admission;
  readonly version: StompVersion;
  readonly options: StompOptions;
  readonly output: FrameOutput;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fail: (error: BrokerError) => void;
  readonly codec: StompMessageCodec;
  readonly addresses: StompAddresses;
  readonly selectors: Selectors;
  readonly destinations: Destinations;
  readonly composer: SendComposer;
  readonly consumers: Map<string, StompConsumer> = new Map();
  readonly ackIds: AckIds = new AckIds();
  /** For ACK frames that do not name a subscription; undefined where they must. */
  readonly holders: Holders | undefined;
  readonly transactions: Transactions;
  readonly confirmations: Confirmations;
  readonly #shared: StompShared;
  readonly #gate: ReadingGate;
  readonly #confirmed: () => void;
  /** Header bytes of the SUBSCRIBE frames of the subscriptions there are. */
  subscriptionsLength = 0;
  /** What the entries of unacknowledged deliveries keep. */
  #unacknowledgedBytes = 0;
  #closed = false;
  /** In the order in which they were stopped; none that has left. */
  #waitingForOutput: Set<StompConsumer> = new Set();
  /** Receipts written although the client does not read. */
  #receiptsBehind = 0;
  #lastAddress: Address | undefined = undefined;
  #lastDestination: Uint8Array = new Uint8Array(0);

  constructor(parts: AdmittedParts) {
    const { shared, admission, version } = parts;
    const { options } = shared;
    this.admission = admission;
    this.version = version;
    this.holders = version === "1.0" ? new Holders() : undefined;
    this.options = options;
    this.output = parts.output;
    this.clock = parts.clock;
    this.logger = parts.logger;
    this.fail = parts.fail;
    this.codec = shared.codec;
    this.addresses = shared.addresses;
    this.selectors = shared.selectors;
    this.#shared = shared;
    this.#gate = parts.gate;
    this.#confirmed = parts.confirmed;
    const scope = temporaryScope(parts.brokerId, admission.clientId);
    this.destinations = new Destinations({ addresses: shared.addresses, version, scope });
    this.composer = new SendComposer({
      codec: shared.codec,
      scratch: shared.scratch,
      version,
      clientId: admission.clientId,
      userHeaders: userHeaders(options.addUserHeaders, admission.identity),
      timestampHeader: options.addTimestampHeader?.trim(),
    });
    this.transactions = new Transactions(admission.host, options);
    this.confirmations = new Confirmations((receiptId) => this.receipt(receiptId));
  }

  /** Writes a RECEIPT. A client that does not read its receipts is not read from either. [messaging 11] */
  receipt(receiptId: string): void {
    if (this.#closed) return; // nothing follows an ERROR
    this.output.receipt(receiptId);
    if (!this.output.full) return;
    this.#receiptsBehind += 1;
    if (this.#receiptsBehind >= this.options.receiptsMax) this.#gate.hold(HOLD.receipts);
  }

  /** A token for something the engine must answer for; too many of them stop reading. */
  expect(receiptId: string | undefined): number {
    const token = this.confirmations.expect(receiptId);
    if (this.confirmations.pending >= this.options.receiptsMax) this.#gate.hold(HOLD.confirmations);
    return token;
  }

  /** The engine answers for what had this token. */
  confirm(token: number): void {
    this.confirmations.confirm(token);
    if (this.confirmations.pending * 2 <= this.options.receiptsMax) this.#gate.release(HOLD.confirmations);
    this.#confirmed();
  }

  /** A destination is full: no more sends until it has room. */
  holdSends(): void {
    this.#gate.hold(HOLD.destination);
  }

  /** Full destinations have room again. */
  sendsResumed(): void {
    this.#gate.release(HOLD.destination);
  }

  /** The client reads too slowly, or acknowledges nothing at all: deliveries wait. */
  get takesNoMore(): boolean {
    return this.output.full || this.#unacknowledgedBytes >= this.options.unacknowledgedBytesMax;
  }

  /** The consumer was refused because of that. */
  waitForOutput(consumer: StompConsumer): void {
    this.#waitingForOutput.add(consumer);
  }

  /** A delivery must be acknowledged. */
  keep(entry: Entry): void {
    this.#unacknowledgedBytes += keptBytes(entry);
  }

  /** A delivery need not be acknowledged any more, by whatever happened to it. */
  drop(entry: Entry): void {
    this.ackIds.release(entry);
    const max = this.options.unacknowledgedBytesMax;
    const wasFull = this.#unacknowledgedBytes >= max;
    this.#unacknowledgedBytes -= keptBytes(entry);
    if (wasFull && this.#unacknowledgedBytes < max) this.#wake();
  }

  /** The consumer has left. */
  forget(consumer: StompConsumer): void {
    this.#waitingForOutput.delete(consumer);
  }

  /** The client reads again: consumers go on in the order in which they were stopped. */
  drained(): void {
    this.#receiptsBehind = 0;
    this.#gate.release(HOLD.receipts);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waitingForOutput;
    this.#waitingForOutput = new Set();
    for (const consumer of waiting) consumer.drained();
  }

  /** The block for the header lines of one delivery, with at least this much room. */
  headOf(room: number): Uint8Array {
    if (this.#shared.head.length < room) this.#shared.head = new Uint8Array(room * 2);
    return this.#shared.head;
  }

  /** The block that {@link AdmittedClient.headOf} returned last. */
  get head(): Uint8Array {
    return this.#shared.head;
  }

  /** `destination:<text>` and its line end, for a message whose sender did not write it. */
  destinationLine(address: Address): Uint8Array {
    if (this.#lastAddress !== address) {
      const text = this.addresses.format(address);
      const line = new Uint8Array(headerMax("destination", text));
      this.#lastDestination = line.subarray(0, writeHeader(line, 0, "destination", text, this.version));
      this.#lastAddress = address;
    }
    return this.#lastDestination;
  }

  /** Another protocol's message as STOMP, converted once for all subscribers of a version. */
  foreignContent(message: Message): Uint8Array {
    const form = this.#shared.forms[this.version];
    const known = message.wireForm(form);
    if (known !== undefined) return known;
    const neutral = message.codec.toNeutral(message);
    const messageId = neutral.messageId ?? this.#generatedId(message);
    const content = foreignContent(message, neutral, {
      addresses: this.addresses,
      version: this.version,
      messageId,
    });
    message.rememberWireForm(form, content);
    return content;
  }

  #generatedId(message: Message): string {
    const known = message.wireForm(GENERATED_ID_FORM);
    if (known !== undefined) return Buffer.from(known).toString();
    const generated = this.composer.nextMessageId();
    message.rememberWireForm(GENERATED_ID_FORM, Buffer.from(generated));
    return generated;
  }

  /** DISCONNECT: nothing more is delivered, what was not acknowledged returns, open transactions are forgotten. */
  leave(): void {
    this.transactions.abortAll();
    for (const consumer of this.consumers.values()) consumer.leave();
    this.consumers.clear();
  }

  /** The connection is over. */
  close(): void {
    this.#closed = true;
    for (const consumer of this.consumers.values()) consumer.closed();
    this.#waitingForOutput.clear();
    this.admission.host.close();
  }
}
