/** What kind of text a value is put into, which decides how it is quoted. */
export type Syntax = "verbatim" | "xml" | "shell" | "batch" | "systemd";

/** What templates may ask for. */
export interface TemplateValues {
  /** `${name}` becomes the value; names that are not listed stay as they are, such as `${apollo.base}`. */
  readonly texts: Readonly<Record<string, string>>;
  /** Conditions that hold, for blocks between `<!-- if name -->` and `<!-- end -->`. */
  readonly conditions: ReadonlySet<string>;
}

const BLOCK = /^ *<!-- if ([a-z! -]+) -->\n([\s\S]*?)^ *<!-- end -->\n/gm;
const PLACEHOLDER = /\$\{([a-z]+)\}/g;

/**
 * Fills a template. [instance 1.5] In XML, blocks whose conditions do not all hold are left out: `<!-- if tls -->`,
 * `<!-- if !tls ports -->`.
 */
export function render(template: string, syntax: Syntax, values: TemplateValues): string {
  if (syntax === "verbatim") return template;
  const chosen = template.replace(BLOCK, (_, words: string, block: string) =>
    words.split(" ").every((word) => holds(word, values.conditions)) ? block : "",
  );
  const filled = chosen.replace(PLACEHOLDER, (placeholder, name: string) => {
    const text = Object.hasOwn(values.texts, name) ? values.texts[name] : undefined;
    return text === undefined ? placeholder : quote(text, syntax);
  });
  return syntax === "batch" ? filled.replaceAll("\n", "\r\n") : filled;
}

function holds(word: string, conditions: ReadonlySet<string>): boolean {
  return word.startsWith("!") ? !conditions.has(word.slice(1)) : conditions.has(word);
}

/** Templates put placeholders between quotes where the syntax has quotes; this keeps the value inside them. */
function quote(text: string, syntax: Exclude<Syntax, "verbatim">): string {
  switch (syntax) {
    case "xml":
      return text
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;")
        .replaceAll('"', "&quot;");
    case "shell":
      return text.replaceAll("'", "'\\''");
    case "batch":
      return text.replaceAll("%", "%%");
    case "systemd":
      return text
        .replaceAll("\\", "\\\\")
        .replaceAll('"', '\\"')
        .replaceAll("%", "%%")
        .replaceAll("$", "$$$$");
  }
}
