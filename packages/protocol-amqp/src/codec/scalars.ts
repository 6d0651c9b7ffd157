import type { PropertyValue } from "@tsapollo/domain";
import { readUint32, utf8 } from "./values.ts";

/**
 * A single value as a property: text, number, boolean, bytes. Times are milliseconds, UUIDs are text. Undefined for
 * null and for what is no single value. [AMQP 1.6, messaging 14.4]
 */
export function scalar(bytes: Uint8Array, at: number, end: number): PropertyValue | undefined {
  const code = bytes[at]!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (code) {
    case 0x41:
      return true;
    case 0x42:
      return false;
    case 0x43:
    case 0x44:
      return 0;
    case 0x50:
    case 0x52:
    case 0x53:
      return bytes[at + 1]!;
    case 0x51:
    case 0x54:
    case 0x55:
      return view.getInt8(at + 1);
    case 0x56:
      return bytes[at + 1] === 1;
    case 0x60:
      return view.getUint16(at + 1);
    case 0x61:
      return view.getInt16(at + 1);
    case 0x70:
      return readUint32(bytes, at + 1);
    case 0x71:
      return view.getInt32(at + 1);
    case 0x72:
      return view.getFloat32(at + 1);
    case 0x73:
      return character(readUint32(bytes, at + 1));
    case 0x80:
      return integer(view.getBigUint64(at + 1));
    case 0x81:
    case 0x83:
      return integer(view.getBigInt64(at + 1));
    case 0x82:
      return view.getFloat64(at + 1);
    case 0x98:
      return uuidText(bytes, at + 1);
    case 0xa0:
      return new Uint8Array(bytes.subarray(at + 2, end));
    case 0xb0:
      return new Uint8Array(bytes.subarray(at + 5, end));
    case 0xa1:
    case 0xa3:
      return utf8(bytes, at + 2, end);
    case 0xb1:
    case 0xb3:
      return utf8(bytes, at + 5, end);
    default:
      return undefined;
  }
}

function integer(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function character(code: number): string | undefined {
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** Sixteen bytes as `01234567-89ab-…`. */
export function uuidText(bytes: Uint8Array, at: number): string {
  const hex = Buffer.from(bytes.subarray(at, at + 16)).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
