import type { Delivery } from "@tsapollo/domain";
import { copyBytes, headerMax, LF, writeHeader } from "@tsapollo/stomp-parser";
import type { AdmittedClient } from "./admitted-client.ts";
import { DECIMAL_MAX, writeDecimal } from "./header-numbers.ts";

const ACK = Buffer.from("ack:");
const RETAIN = Buffer.from("retain:set\n");
const MINUS = 0x2d;

/** What a subscription asked its MESSAGE frames to say; texts have one character for each byte. */
export interface DeliveryHeadParts {
  readonly client: AdmittedClient;
  /** The subscription's id; undefined when SUBSCRIBE had none, then it is not named. [messaging 15.6] */
  readonly id: string | undefined;
  /** Header for the sequence number in the queue; undefined for none. [messaging 15.7] */
  readonly sequenceHeader: string | undefined;
}

/** Writes the header lines of one subscription's MESSAGE frames that belong to one delivery alone. */
export class DeliveryHead {
  readonly #client: AdmittedClient;
  /** `<name>:` */
  readonly #sequenceName: Uint8Array | undefined;
  readonly #redeliveriesHeader: string | undefined;
  /** What every delivery may need, in bytes. */
  readonly #room: number;
  /** `subscription:<id>` and its line end, or nothing. */
  readonly subscriptionLine: Uint8Array;

  constructor({ client, id, sequenceHeader }: DeliveryHeadParts) {
    this.#client = client;
    this.#sequenceName =
      sequenceHeader === undefined ? undefined : Buffer.from(`${sequenceHeader}:`, "latin1");
    this.subscriptionLine = Buffer.from(id === undefined ? "" : `subscription:${id}\n`, "latin1");
    this.#redeliveriesHeader = client.options.addRedeliveriesHeader;
    const sequenceRoom = (this.#sequenceName?.length ?? 0) + DECIMAL_MAX + 2;
    this.#room = sequenceRoom + this.subscriptionLine.length + ACK.length + DECIMAL_MAX + 1 + RETAIN.length;
  }

  /**
   * Writes to `client.head`, in the order of [messaging 15.6]; returns the length.
   * @param ackId -1 for none
   * @param foreign whether the sender did not write `destination` and `retain`
   */
  write(delivery: Delivery, ackId: number, foreign: boolean): number {
    const client = this.#client;
    const line = this.subscriptionLine;
    const redeliveriesHeader = delivery.redeliveryCount > 0 ? this.#redeliveriesHeader : undefined;
    const destination = foreign ? client.destinationLine(delivery.address) : undefined;
    let room = this.#room;
    if (redeliveriesHeader !== undefined) {
      room += headerMax(redeliveriesHeader, String(delivery.redeliveryCount));
    }
    if (destination !== undefined) room += destination.length;
    const head = client.headOf(room);
    let at = 0;
    const sequenceName = this.#sequenceName;
    if (sequenceName !== undefined) at = writeSequence(head, sequenceName, delivery.sequence);
    if (redeliveriesHeader !== undefined) {
      at = writeHeader(head, at, redeliveriesHeader, String(delivery.redeliveryCount), client.version);
    }
    at = copyBytes(head, at, line, 0, line.length);
    if (ackId !== -1) {
      at = copyBytes(head, at, ACK, 0, ACK.length);
      at = writeDecimal(head, at, ackId);
      head[at++] = LF;
    }
    if (destination !== undefined) {
      at = copyBytes(head, at, destination, 0, destination.length);
      if (delivery.retained) at = copyBytes(head, at, RETAIN, 0, RETAIN.length);
    }
    return at;
  }
}

/** `<name>:<sequence>`; a delivery straight from a topic has no number, which reads -1. [messaging 6] */
function writeSequence(head: Uint8Array, name: Uint8Array, sequence: number): number {
  let at = copyBytes(head, 0, name, 0, name.length);
  if (sequence < 0) head[at++] = MINUS;
  at = writeDecimal(head, at, Math.abs(sequence));
  head[at++] = LF;
  return at;
}
