/** `AMQP`, protocol id, 1.0.0. [AMQP 2.2] */
export const AMQP_HEADER: Uint8Array = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 1, 0, 0);
/** See {@link AMQP_HEADER}. [AMQP 5.3.2] */
export const SASL_HEADER: Uint8Array = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 3, 1, 0, 0);

/** What the eight bytes at an index announce. */
export function headerOf(bytes: Uint8Array, at: number): "amqp" | "sasl" | "other" {
  if (isAt(AMQP_HEADER, bytes, at)) return "amqp";
  return isAt(SASL_HEADER, bytes, at) ? "sasl" : "other";
}

function isAt(header: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < header.length; index += 1)
    if (bytes[at + index] !== header[index]) return false;
  return true;
}
