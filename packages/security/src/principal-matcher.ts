import type { Principal } from "@tsapollo/domain";

/** Which clients one `allow` or `deny` means. [instance 14.3] */
export class PrincipalMatcher {
  readonly #everybody: boolean;
  readonly #anyName: boolean;
  readonly #names: ReadonlySet<string>;
  /** Undefined: principals of all kinds count. */
  readonly #kinds: ReadonlySet<string> | undefined;

  /**
   * @param text a name, `*`, `+`, or a list of names
   * @param separator splits the list, literally; undefined or empty for a single name
   * @param kinds class names of the principals that count
   */
  constructor(text: string, separator: string | undefined, kinds: ReadonlySet<string> | undefined) {
    const whole = text.trim();
    this.#everybody = whole === "*";
    this.#anyName = whole === "+";
    const isList = separator !== undefined && separator !== "";
    const names = isList ? text.split(separator).map((name) => name.trim()) : [whole];
    this.#names = new Set(names.filter((name) => name !== ""));
    this.#kinds = kinds;
  }

  /** `*` matches even somebody without principals; `+` needs one of a kind that counts. */
  matches(principals: readonly Principal[]): boolean {
    if (this.#everybody) return true;
    for (let at = 0; at < principals.length; at += 1) {
      const principal = principals[at]!;
      if (this.#kinds !== undefined && !this.#kinds.has(principal.kind)) continue;
      if (this.#anyName || this.#names.has(principal.name)) return true;
    }
    return false;
  }
}
