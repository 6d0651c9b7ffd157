import { BrokerError, invariant } from "@tsapollo/domain";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { XmlAttribute, XmlElement } from "./element.ts";
import { decodeReferences } from "./entities.ts";
import { LineIndex, type Position } from "./position.ts";
import { findMarkupProblem } from "./scan.ts";

/** Namespace of Apollo's configuration files. [instance 5.1] */
export const APOLLO_NAMESPACE = "http://activemq.apache.org/schema/activemq/apollo";

const META: symbol = XMLParser.getMetaDataSymbol() as unknown as symbol;
const TEXT = "#text";
const CHARACTER_DATA = "#cdata";

interface ParsedNode {
  readonly [name: string]: readonly ParsedNode[] | string;
}

/**
 * Reads a document. Nothing outside the text is ever loaded: document types are refused.
 * @param text the document; its line ends may be of any kind
 * @param file its name, for errors
 * @throws BrokerError BAD_CONFIGURATION `file:line:column: what is wrong; what would be right`
 */
export function readXml(text: string, file: string): XmlElement {
  const normal = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  return new DocumentReader(normal, file).read();
}

class DocumentReader {
  readonly #text: string;
  readonly #file: string;
  readonly #lines: LineIndex;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#lines = new LineIndex(text);
  }

  read(): XmlElement {
    this.#check();
    const nodes = this.#parse();
    const root = nodes.find((node) => elementName(node) !== undefined);
    invariant(root !== undefined, "a checked document has a root element");
    return this.#element(root, new Map(), undefined);
  }

  #check(): void {
    const problem = findMarkupProblem(this.#text);
    if (problem !== undefined) this.#fail(this.#lines.position(problem.offset), problem.text);
    const verdict = XMLValidator.validate(this.#text);
    if (verdict === true) return;
    const { msg, line, col } = verdict.err;
    this.#fail(
      { line: line ?? 1, column: col ?? 1 },
      `${lowerFirst(msg)} the document must be well-formed XML`,
    );
  }

  #parse(): readonly ParsedNode[] {
    const parser = new XMLParser({
      preserveOrder: true,
      captureMetaData: true,
      ignoreAttributes: true, // read from the text, where their places are
      parseTagValue: false,
      trimValues: false,
      processEntities: false, // decoded here, so that unknown ones are told
      cdataPropName: CHARACTER_DATA,
      ignoreDeclaration: true,
      ignorePiTags: true,
      onDangerousProperty: (name) => name, // names stay what they are in the text; see scan.ts
    });
    try {
      return parser.parse(this.#text) as readonly ParsedNode[];
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return this.#fail({ line: 1, column: 1 }, `${lowerFirst(reason)} the document must be well-formed XML`);
    }
  }

  #element(node: ParsedNode, outer: Namespaces, rootNamespace: string | undefined): XmlElement {
    const qualified = elementName(node)!;
    const offset = startOffset(node);
    const written = this.#attributes(offset, qualified);
    const scope = declaredIn(written, outer);
    const prefix = prefixOf(qualified);
    const namespace = scope.get(prefix) ?? (prefix === "" ? "" : prefix);
    const root = rootNamespace ?? namespace;
    const content = node[qualified] as readonly ParsedNode[];
    const position = this.#lines.position(offset);
    return {
      name: qualified.slice(prefix === "" ? 0 : prefix.length + 1),
      ours: namespace === "" || namespace === root || namespace === APOLLO_NAMESPACE,
      position,
      attributes: written.filter(({ name }) => name !== "xmlns" && !name.includes(":")),
      prefixed: written.filter(({ name }) => name.includes(":") && !XML_OWN.test(name)),
      children: content
        .filter((child) => elementName(child) !== undefined)
        .map((child) => this.#element(child, scope, root)),
      text: content
        .map((child) => this.#ownText(child, position))
        .join("")
        .trim(),
    };
  }

  #ownText(node: ParsedNode, position: Position): string {
    const data = node[CHARACTER_DATA];
    if (data !== undefined) return (data as readonly ParsedNode[]).map((part) => part[TEXT]).join("");
    const text = node[TEXT];
    if (typeof text !== "string") return "";
    const decoded = decodeReferences(text);
    if (typeof decoded === "string") return decoded;
    return this.#failReference(position, decoded.reference);
  }

  #attributes(offset: number, qualified: string): XmlAttribute[] {
    const pattern = /\s*([^\s=>/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/uy;
    pattern.lastIndex = offset + 1 + qualified.length;
    const found: XmlAttribute[] = [];
    for (let match = pattern.exec(this.#text); match !== null; match = pattern.exec(this.#text)) {
      const raw = match[2] ?? match[3]!;
      const valueOffset = match.index + match[0].length - raw.length - 1;
      const value = decodeReferences(raw.replace(/[\n\t]/g, " "));
      if (typeof value !== "string") {
        return this.#failReference(this.#lines.position(valueOffset + value.offset), value.reference);
      }
      const nameOffset = match.index + match[0].search(/\S/);
      found.push({ name: match[1]!, value, position: this.#lines.position(nameOffset) });
    }
    return found;
  }

  #failReference(position: Position, reference: string): never {
    return this.#fail(
      position,
      `'${reference}' stands for nothing; write & as &amp;, or one of &lt; &gt; &quot; &apos; &#…;`,
    );
  }

  #fail(position: Position, text: string): never {
    throw new BrokerError("BAD_CONFIGURATION", `${this.#file}:${position.line}:${position.column}: ${text}`);
  }
}

const XML_OWN = /^(xmlns|xml|xsi):/;

/** What prefixes stand for; the empty one is the default namespace. */
type Namespaces = ReadonlyMap<string, string>;

function declaredIn(attributes: readonly XmlAttribute[], outer: Namespaces): Namespaces {
  const declarations = attributes.filter(({ name }) => name === "xmlns" || name.startsWith("xmlns:"));
  if (declarations.length === 0) return outer;
  const scope = new Map(outer);
  for (const { name, value } of declarations) scope.set(name.slice("xmlns:".length), value);
  return scope;
}

function prefixOf(qualified: string): string {
  return qualified.includes(":") ? qualified.slice(0, qualified.indexOf(":")) : "";
}

function elementName(node: ParsedNode): string | undefined {
  const name = Object.keys(node)[0];
  return name === undefined || name.startsWith("#") ? undefined : name;
}

function startOffset(node: ParsedNode): number {
  const meta = (node as unknown as Record<symbol, { readonly startIndex: number } | undefined>)[META];
  invariant(meta !== undefined, "the parser tells where an element starts");
  return meta.startIndex;
}

function lowerFirst(text: string): string {
  const sentence = text.slice(0, 1).toLowerCase() + text.slice(1);
  return `${sentence.replace(/\.$/, "")};`;
}
