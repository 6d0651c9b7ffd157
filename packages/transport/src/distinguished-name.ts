import { type DerElement, oidText, readDer } from "./der.ts";

/** Attribute types with a name in RFC 2253; others are written as numbers, as Java does. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "STREET",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "0.9.2342.19200300.100.1.25": "DC",
  "0.9.2342.19200300.100.1.1": "UID",
};

const EXPLICIT_VERSION = 0xa0;

/**
 * The subject of a certificate as RFC 2253 text: most specific part first, comma without blank. It reads exactly as
 * the names in existing group and `dn_file` entries do. [instance 13.5]
 * @throws RangeError when the bytes are no certificate
 */
export function subjectName(certificate: Uint8Array): string {
  const fields = children(children(readDer(certificate)[0])[0]);
  // version [0] is optional; then serial number, algorithm, issuer, validity, subject
  const subject = fields[fields[0]?.tag === EXPLICIT_VERSION ? 5 : 4];
  return children(subject).reverse().map(relativeName).join(",");
}

function children(element: DerElement | undefined): DerElement[] {
  if (element === undefined) throw new RangeError("not a certificate");
  return readDer(element.content);
}

function relativeName(set: DerElement): string {
  return children(set).map(attributeText).join("+");
}

function attributeText(attribute: DerElement): string {
  const [type, value] = children(attribute);
  if (type === undefined || value === undefined) throw new RangeError("not a name");
  const oid = oidText(type.content);
  const name = TYPE_NAMES[oid];
  const text = name === undefined ? undefined : stringOf(value);
  if (text === undefined) return `${name ?? oid}=#${Buffer.from(value.whole).toString("hex")}`;
  return `${name}=${escaped(text)}`;
}

/** The text of one of the ASN.1 string types; undefined for anything else. */
function stringOf(value: DerElement): string | undefined {
  const bytes = Buffer.from(value.content);
  switch (value.tag) {
    case 0x0c: // UTF8String
      return bytes.toString("utf8");
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x14: // T61String
    case 0x16: // IA5String
      return bytes.toString("latin1");
    case 0x1e: // BMPString
      return bytes.length % 2 === 0 ? bytes.swap16().toString("utf16le") : undefined;
    default:
      return undefined;
  }
}

function escaped(text: string): string {
  return text
    .replace(/[,+"\\<>;]/g, "\\$&")
    .replace(/^[ #]/, "\\$&")
    .replace(/ +$/, (blanks) => "\\ ".repeat(blanks.length));
}
