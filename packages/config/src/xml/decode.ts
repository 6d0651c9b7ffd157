import { BrokerError } from "@tsapollo/domain";

/**
 * The characters of an XML file: a byte order mark decides, then the declared encoding, then UTF-8.
 * @throws BrokerError BAD_CONFIGURATION when the encoding is unknown or the bytes are not in it
 */
export function decodeXml(bytes: Uint8Array, file: string): string {
  const label = byMark(bytes) ?? declared(bytes) ?? "utf-8";
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BrokerError(
      "BAD_CONFIGURATION",
      `${file}:1:1: cannot be read as ${label}; declare the file's real encoding in its first line, or save it as UTF-8`,
      { cause },
    );
  }
}

function byMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return undefined;
}

function declared(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 200));
  return /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(head)?.[1];
}
