import { BrokerError } from "@tsapollo/domain";

/** How much a subscription may be given before it acknowledges. */
export interface Credit {
  /** In deliveries. */
  readonly count: number;
  readonly bytes: number;
}

const CREDIT = /^ *(\d{1,15}) *(?:, *(\d{1,15}) *)?$/;

/**
 * Reads the `credit` header, `count[,bytes]`; what it leaves out is the connector's buffer. [messaging 15.7]
 * @throws BrokerError PROTOCOL_VIOLATION
 */
export function parseCredit(text: string | undefined, bufferSizeBytes: number): Credit {
  if (text === undefined) return { count: bufferSizeBytes, bytes: bufferSizeBytes };
  const match = CREDIT.exec(text);
  if (match === null) {
    const said = `Internal Server Error: the credit header is not count or count,bytes: '${text}'`;
    throw new BrokerError("PROTOCOL_VIOLATION", said);
  }
  return { count: Number(match[1]), bytes: match[2] === undefined ? bufferSizeBytes : Number(match[2]) };
}

/**
 * The two windows of a subscription. Delivery goes on while either is open; both shrink with every delivery, and
 * may become negative. [messaging 15.7]
 */
export class CreditWindows {
  #count: number;
  #bytes: number;

  constructor(credit: Credit) {
    this.#count = credit.count;
    this.#bytes = credit.bytes;
  }

  get open(): boolean {
    return this.#count > 0 || this.#bytes > 0;
  }

  /** A delivery of this size was made. */
  take(sizeBytes: number): void {
    this.#count -= 1;
    this.#bytes -= sizeBytes;
  }

  /** A delivery of this size was acknowledged. */
  give(sizeBytes: number): void {
    this.#count += 1;
    this.#bytes += sizeBytes;
  }
}
