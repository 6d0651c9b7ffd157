// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of templates are what this is about
import assert from "node:assert/strict";
import { test } from "node:test";
import { closingText } from "../src/create/closing-text.ts";
import { render, type Syntax } from "../src/create/render.ts";

const HOSTILE = `a'b"c<d>&e%f$g\\h`;
const quoted: readonly { syntax: Syntax; expected: string }[] = [
  { syntax: "verbatim", expected: "<${host}>\n" },
  { syntax: "xml", expected: `<a'b&quot;c&lt;d&gt;&amp;e%f$g\\h>\n` },
  { syntax: "shell", expected: `<a'\\''b"c<d>&e%f$g\\h>\n` },
  { syntax: "batch", expected: `<a'b"c<d>&e%%f$g\\h>\r\n` },
  { syntax: "systemd", expected: `<a'b\\"c<d>&e%%f$$g\\\\h>\n` },
];
for (const { syntax, expected } of quoted) {
  test(`a value is quoted for ${syntax}`, () => {
    assert.equal(
      render("<${host}>\n", syntax, { texts: { host: HOSTILE }, conditions: new Set() }),
      expected,
    );
  });
}

test("instance 1.5: only known names are replaced, and values are not looked through again", () => {
  const texts = { host: "${base}", base: "/b" };
  const text = "${host} ${base} ${apollo.base} ${unknown} ${constructor} ${script%/*}";
  assert.equal(
    render(text, "shell", { texts, conditions: new Set() }),
    "${base} /b ${apollo.base} ${unknown} ${constructor} ${script%/*}",
  );
});

for (const { conditions, expected } of [
  { conditions: [], expected: "1\n3\n" },
  { conditions: ["tls"], expected: "1\n2\n" },
  { conditions: ["tls", "ports"], expected: "1\n2\n4\n" },
]) {
  test(`blocks are kept when all their conditions hold: ${conditions.join(" ")}`, () => {
    const template = `1
<!-- if tls -->
2
<!-- end -->
  <!-- if !tls !ports -->
3
  <!-- end -->
<!-- if tls ports -->
4
<!-- end -->
`;
    assert.equal(render(template, "xml", { texts: {}, conditions: new Set(conditions) }), expected);
  });
}

test("instance 1.5: the closing text without init scripts", () => {
  const text = `
You can now start the broker by executing:  

   "/x/b/bin/broker" run

Or you can run the broker in the background using:

   "/x/b/bin/broker-service" start

`;
  assert.equal(closingText({ base: "/x/b", platform: "linux", initScripts: false }), text);
});
