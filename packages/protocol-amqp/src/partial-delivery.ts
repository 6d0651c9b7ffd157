import type { DeliveryState } from "./codec/delivery-state.ts";

const FIRST_BYTES = 1_024;

/** A delivery of which not all transfers are there. */
export class PartialDelivery {
  readonly deliveryId: number;
  settled: boolean;
  state: DeliveryState | undefined;
  /** What came so far, in the first `length` bytes. */
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;

  constructor(deliveryId: number, settled: boolean, state: DeliveryState | undefined) {
    this.deliveryId = deliveryId;
    this.settled = settled;
    this.state = state;
  }

  append(source: Uint8Array, start: number, end: number): void {
    const size = this.length + end - start;
    if (size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.bytes.length * 2, FIRST_BYTES));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(source.subarray(start, end), this.length);
    this.length = size;
  }
}
