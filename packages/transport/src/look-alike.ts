/** More mistakes than these make another word. */
const MISTAKES_MAX = 2;

/** What names of TLS settings have in common, here and in the ancestor's relatives (`needClientAuth`). */
const TELLING: readonly (readonly [part: string, name: string])[] = [
  ["clientauth", "client_auth"],
  ["cipher", "ciphers"],
  ["tls", "tls_min_version"],
  ["ssl", "tls_min_version"],
  ["minversion", "tls_min_version"],
];

const NAMES = ["client_auth", "tls_min_version", "ciphers"] as const;

/**
 * The security parameter that somebody may have meant who wrote this unknown name: to ignore it would leave a port
 * more open than its operator believes. Undefined when it looks like none.
 */
export function securityLookAlike(unknown: string): string | undefined {
  const letters = lettersOf(unknown);
  const told = TELLING.find(([part]) => letters.includes(part));
  return told?.[1] ?? NAMES.find((name) => mistakes(letters, lettersOf(name)) <= MISTAKES_MAX);
}

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}

/** How many letters must be added, dropped or exchanged to make one word the other (Levenshtein). */
function mistakes(one: string, other: string): number {
  // Also bounds the work: the names are short.
  if (Math.abs(one.length - other.length) > MISTAKES_MAX) return MISTAKES_MAX + 1;
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const exchanged = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
