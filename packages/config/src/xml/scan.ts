/** Something wrong with the markup of a document, and where it starts. */
export interface MarkupProblem {
  readonly offset: number;
  readonly text: string;
}

const DEPTH_MAX = 64;
const NAME = /^[\p{L}_][\p{L}\p{N}_.·-]*(?::[\p{L}_][\p{L}\p{N}_.·-]*)?$/u;
/** Names that the XML library refuses, being properties of every JavaScript object. */
const RESERVED = /^(?:__proto__|constructor|prototype)$/i;

/**
 * Looks for what the XML library lets pass or reports without a usable place: unfinished and unbalanced markup,
 * several roots, document types (and with them entities), names no element can have.
 */
export function findMarkupProblem(text: string): MarkupProblem | undefined {
  const open: { readonly name: string; readonly offset: number }[] = [];
  let roots = 0;
  for (let at = text.indexOf("<"); at !== -1; at = text.indexOf("<", at)) {
    const end = text[at + 1] === "!" || text[at + 1] === "?" ? specialEnd(text, at) : tagEnd(text, at);
    if (typeof end !== "number") return end;
    const tag = readTag(text.slice(at, end));
    if (tag !== undefined) {
      const problem = tag.kind === "close" ? closing(tag.name, open) : opening(tag.name, open.length, roots);
      if (problem !== undefined) return { offset: at, text: problem };
      if (open.length === 0) roots += 1;
      if (tag.kind === "open") open.push({ name: tag.name, offset: at });
      if (tag.kind === "close") open.pop();
    }
    at = end;
  }
  const left = open.pop();
  if (left === undefined) return undefined;
  return { offset: left.offset, text: `<${left.name}> is never closed; add </${left.name}>` };
}

function opening(name: string, depth: number, roots: number): string | undefined {
  if (depth === 0 && roots > 0) return `a second root element <${name}>; a document has one, <broker>`;
  if (depth >= DEPTH_MAX) return `elements nested more than ${DEPTH_MAX} deep; take levels out`;
  if (RESERVED.test(name)) return `<${name}> is a name that cannot be used; rename the element`;
  if (NAME.test(name)) return undefined;
  return `'<' must be followed by an element's name, not '${name.slice(0, 20)}'; a literal < is written &lt;`;
}

function closing(name: string, open: readonly { readonly name: string }[]): string | undefined {
  const expected = open[open.length - 1]?.name;
  if (expected === name) return undefined;
  if (expected === undefined) return `</${name}> closes nothing; remove it`;
  return `</${name}> closes <${expected}>; write </${expected}>`;
}

interface Tag {
  readonly kind: "open" | "close" | "empty";
  readonly name: string;
}

function readTag(tag: string): Tag | undefined {
  if (tag.startsWith("<!") || tag.startsWith("<?")) return undefined;
  if (tag.startsWith("</")) return { kind: "close", name: tag.slice(2, -1).trim() };
  const name = /^<([^\s/>]*)/.exec(tag)![1]!;
  return { kind: tag.endsWith("/>") ? "empty" : "open", name };
}

/** Where a tag ends, `>` inside quotes not counted. */
function tagEnd(text: string, start: number): number | MarkupProblem {
  let quoteStart = -1;
  for (let at = start + 1; at < text.length; at += 1) {
    const unit = text[at];
    if (unit === "<") break;
    if (quoteStart !== -1) {
      if (unit === text[quoteStart]) quoteStart = -1;
    } else if (unit === '"' || unit === "'") quoteStart = at;
    else if (unit === ">") return at + 1;
  }
  if (quoteStart !== -1) {
    return {
      offset: quoteStart,
      text: "a quoted value that is never closed; close it, and write < in it as &lt;",
    };
  }
  return { offset: start, text: "a tag that is never closed; add >, and write a literal < as &lt;" };
}

/** Where a comment, character data or processing instruction ends. */
function specialEnd(text: string, start: number): number | MarkupProblem {
  for (const [begin, end, what] of [
    ["<!--", "-->", "a comment"],
    ["<![CDATA[", "]]>", "character data"],
    ["<?", "?>", "a processing instruction"],
  ] as const) {
    if (!text.startsWith(begin, start)) continue;
    const at = text.indexOf(end, start + begin.length);
    return at === -1 ? { offset: start, text: `${what} that is never closed; add ${end}` } : at + end.length;
  }
  return {
    offset: start,
    text: "document types and entity declarations are refused; remove <!…>, and use properties for values from elsewhere",
  };
}
