/**
 * Numbers in text: what a STOMP header must look like to be compared as a number. No white space, no hexadecimal,
 * nothing but ASCII digits; a property value may be long and hostile, so the scans are single loops.
 */

const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** So many digits always fit a double exactly. */
const EXACT_DIGITS = 15;
/** So many digits may fit 64 bits; more never do. */
const LONG_DIGITS_MAX = 19;

/** A whole number as the smallest type that holds it exactly: a number up to 2^53, a bigint beyond. */
export function narrowed(value: bigint): number | bigint {
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}

/** Whether a whole number fits 64 bits with a sign. */
export function fitsLong(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** The whole number a text is: an optional sign and digits, within 64 bits; undefined for any other text. */
export function integerOf(text: string): number | bigint | undefined {
  const start = signLength(text, 0);
  const end = text.length;
  if (start === end) return undefined;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  const negative = text.charCodeAt(0) === MINUS;
  if (end - start <= EXACT_DIGITS) return negative ? 0 - value : value;
  return longOf(text, start, negative);
}

/** The number a text is: whole as in {@link integerOf}, or with a point or an exponent; undefined for any other. */
export function decimalOf(text: string): number | bigint | undefined {
  const whole = integerOf(text);
  if (whole !== undefined) return whole;
  const start = signLength(text, 0);
  const point = digitsEnd(text, start);
  let at = point;
  let digits = point - start;
  if (text.charCodeAt(at) === POINT) {
    at = digitsEnd(text, point + 1);
    digits += at - point - 1;
  }
  if (digits === 0) return undefined;
  if (text.charAt(at) === "e" || text.charAt(at) === "E") {
    const exponent = at + 1 + signLength(text, at + 1);
    at = digitsEnd(text, exponent);
    if (at === exponent) return undefined;
  }
  return at === text.length ? Number(text) : undefined;
}

/** The boolean a text is, in any mix of cases; undefined for any other text. */
export function booleanOf(text: string): boolean | undefined {
  if (text.length === 4 && text.toLowerCase() === "true") return true;
  if (text.length === 5 && text.toLowerCase() === "false") return false;
  return undefined;
}

/** Where a run of ASCII digits ends. */
export function digitsEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && isDigit(text.charCodeAt(at))) at++;
  return at;
}

/** Whether a UTF-16 unit is an ASCII digit. */
export function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function longOf(text: string, start: number, negative: boolean): number | bigint | undefined {
  let at = start;
  while (at < text.length && text.charCodeAt(at) === ZERO) at++;
  if (at === text.length) return 0;
  if (text.length - at > LONG_DIGITS_MAX) return undefined; // nor is a long text ever handed to BigInt
  const magnitude = BigInt(text.slice(at));
  const value = negative ? -magnitude : magnitude;
  return fitsLong(value) ? narrowed(value) : undefined;
}

function signLength(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code === PLUS || code === MINUS ? 1 : 0;
}
