const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** A reference that stands for nothing, and where it is in the text. */
export interface BadReference {
  readonly offset: number;
  readonly reference: string;
}

/** Text with its character references replaced, or the first one that cannot be. */
export function decodeReferences(text: string): string | BadReference {
  if (!text.includes("&")) return text;
  let result = "";
  let copied = 0;
  for (let at = text.indexOf("&"); at !== -1; at = text.indexOf("&", copied)) {
    const match = /^&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]+));/.exec(text.slice(at, at + 12));
    const character = match === null ? undefined : referred(match);
    if (match === null || character === undefined) {
      return { offset: at, reference: /^&[^\s;<&"']{0,30};?/.exec(text.slice(at, at + 40))![0] };
    }
    result += text.slice(copied, at) + character;
    copied = at + match[0].length;
  }
  return result + text.slice(copied);
}

function referred(match: RegExpExecArray): string | undefined {
  if (match[3] !== undefined) return Object.hasOwn(NAMED, match[3]) ? NAMED[match[3]] : undefined;
  const code = match[1] === undefined ? Number.parseInt(match[2]!, 16) : Number(match[1]);
  const allowed = code === 9 || code === 10 || code === 13 || (code >= 0x20 && code <= 0x10ffff);
  return allowed && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : undefined;
}
