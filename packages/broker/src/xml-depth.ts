/**
 * Whether elements of an XML text nest deeper than a limit, told from its tags alone and in one pass, before any
 * parser builds a tree of it. Text that is not well-formed may be judged either way: the parser refuses it.
 */
export function nestsDeeper(text: string, depthMax: number): boolean {
  let depth = 0;
  for (let at = text.indexOf("<"); at !== -1; at = text.indexOf("<", at)) {
    const special = SPECIAL.find(([start]) => text.startsWith(start, at));
    if (special !== undefined) {
      const end = text.indexOf(special[1], at + special[0].length);
      if (end === -1) return false; // never closed
      at = end + special[1].length;
      continue;
    }
    const end = tagEnd(text, at + 1);
    if (end === -1) return false;
    if (text[at + 1] === "/") depth -= 1;
    else if (text[end - 1] !== "/") depth += 1;
    if (depth > depthMax) return true;
    at = end;
  }
  return false;
}

/** What begins with `<` and is no tag, and how it ends. */
const SPECIAL: readonly (readonly [start: string, end: string])[] = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
];

/** Where a tag's `>` is: not in the quotes of an attribute. */
function tagEnd(text: string, start: number): number {
  let quote = "";
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]!;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === ">") return at;
    else if (character === '"' || character === "'") quote = character;
  }
  return -1;
}
