/**
 * Compiles an XPath expression to a test of a message's body. Injected, since an XML library is nothing every broker
 * needs; the test and the compilation may throw, which is false. {@link xpathOverXml} makes one of a library.
 */
export type XPathFunction = (expression: string) => (body: Uint8Array) => boolean;

/** What {@link xpathOverXml} needs of an XML and an XPath library. */
export interface XPathParts<Document> {
  /** Parses a whole document; throws when the text is not well-formed. */
  readonly parseXml: (text: string) => Document;
  /** Compiles an expression to a function whose result is a boolean, a number, a text or an array of nodes. */
  readonly compile: (expression: string) => (document: Document) => unknown;
  /** Longer bodies do not match: the cost of XPath grows faster than the document. 64 KiB by default. */
  readonly bodyBytesMax?: number;
}

const BODY_BYTES_MAX = 65_536;

/**
 * An {@link XPathFunction} over libraries: reads UTF-8, turns away document types and large bodies, and makes the
 * result a boolean. [messaging 14.1]
 *
 * A body that contains `<!DOCTYPE` anywhere does not match, be it in a comment: entities are never expanded.
 */
export function xpathOverXml<Document>(parts: XPathParts<Document>): XPathFunction {
  const bytesMax = parts.bodyBytesMax ?? BODY_BYTES_MAX;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return (expression) => {
    const evaluate = parts.compile(expression);
    return (body) => {
      if (body.length > bytesMax) return false;
      const text = decoder.decode(body);
      if (text.includes("<!DOCTYPE")) return false;
      return isTrue(evaluate(parts.parseXml(text)));
    };
  };
}

/** The boolean conversion of XPath 1.0. */
function isTrue(result: unknown): boolean {
  if (Array.isArray(result)) return result.length > 0;
  switch (typeof result) {
    case "boolean":
      return result;
    case "number":
      return result !== 0 && !Number.isNaN(result);
    case "string":
      return result !== "";
    default:
      return false;
  }
}
