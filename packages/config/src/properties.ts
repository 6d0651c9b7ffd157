/**
 * Reads the text of a Java properties file: comments, the three separators, continued lines, escapes. A later
 * entry replaces an earlier one of the same name. Understands everything; an unfinished `\u` escape stands for
 * itself. The file's bytes are ISO-8859-1. [instance 5.2]
 */
export function parseProperties(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const end = keyEnd(line);
    const value = line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, "");
    entries.set(unescapeText(line.slice(0, end)), unescapeText(value));
  }
  return entries;
}

/** Lines without comments and leading blanks, continued ones joined. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let continued: string | undefined;
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.replace(/^[ \t\f]+/, "");
    if (continued === undefined && (line === "" || line.startsWith("#") || line.startsWith("!"))) continue;
    const joined: string = (continued ?? "") + line;
    if (endsInOddBackslashes(line)) {
      continued = joined.slice(0, -1);
    } else {
      lines.push(joined);
      continued = undefined;
    }
  }
  if (continued !== undefined && continued !== "") lines.push(continued);
  return lines;
}

function endsInOddBackslashes(line: string): boolean {
  let count = 0;
  while (line[line.length - 1 - count] === "\\") count += 1;
  return count % 2 === 1;
}

function keyEnd(line: string): number {
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === "\\") at += 1;
    else if (/[=: \t\f]/.test(line[at]!)) return at;
  }
  return line.length;
}

const ESCAPED: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

function unescapeText(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_all, hex: string | undefined, one: string) =>
    hex === undefined ? (ESCAPED[one] ?? one) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
