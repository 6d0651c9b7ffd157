import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageFilter } from "@tsapollo/domain";
import { foreignMessage, Harness, header } from "./harness.ts";

/** The filter that a SUBSCRIBE with a selector asks the engine for. */
async function filterOf(
  selector: string,
  version: "1.0" | "1.2" = "1.2",
): Promise<{ stomp: Harness; filter: MessageFilter }> {
  const stomp = new Harness();
  await stomp.connect(version);
  stomp.send("SUBSCRIBE", "id:s", "destination:/topic/t", `selector:${selector}`);
  return { stomp, filter: stomp.lastSubscription.request.filter! };
}

/** ST-025: selector, a header of each message, ordinals of those delivered. */
const ROWS: readonly (readonly [string, readonly string[], readonly number[]])[] = [
  ["color = 'red'", ["color:blue", "not:set", "color:red"], [3]],
  ["age >= 21", ["age:3", "not:set", "age:21", "age:30"], [3, 4]],
  ["hyphen - 5 = 5", ["hyphen:9", "not:set", "hyphen:10"], [3]],
  ["hyphen -5 = 5", ["hyphen:9", "not:set", "hyphen:10"], [3]],
  ["hyphen-5 = 5", ["hyphen:9", "hyphen-5:5", "not:set", "hyphen:10"], [2]],
  ["color IN ('red', 'green') AND age < 5", ["color:red", "age:3"], []],
  ["JMSDeliveryMode = 'PERSISTENT'", ["x:y", "persistent:true"], [2]],
  ["JMSType = 'a'", ["type:a", "type:b"], [1]],
  ["destination = '/topic/t'", ["x:y"], [1]],
  ["text LIKE 'a\\\\_%' ESCAPE '\\\\'", ["text:a_b", "text:acb"], [1]],
  ["x * 2 = 4", ["x:two", "x:2"], [2]],
];
for (const [selector, messages, delivered] of ROWS) {
  test(`ST-025: ${selector}`, async () => {
    const { stomp, filter } = await filterOf(selector);
    const found: number[] = [];
    messages.forEach((line, at) => {
      if (filter.matches(stomp.published("destination:/topic/t", line))) found.push(at + 1);
    });
    assert.deepEqual(found, delivered);
  });
}

for (const destination of ["/queue/a", "/topic/a"]) {
  test(`ST-026 ST-027: on ${destination} the engine is asked for the red ones`, async () => {
    const stomp = new Harness();
    await stomp.connect();
    stomp.send("SUBSCRIBE", "id:s", `destination:${destination}`, "selector:color='red'", "receipt:r");
    assert.equal(header(stomp.only("RECEIPT"), "receipt-id"), "r");
    const { filter } = stomp.lastSubscription.request;
    const wanted = ["red", "blue", "red"].map((color) =>
      filter!.matches(stomp.published(`destination:${destination}`, `color:${color}`)),
    );
    assert.deepEqual(wanted, [true, false, true]);
  });
}

test("14.2: the text is enough to make the filter again", async () => {
  const { filter } = await filterOf("a-b = 1");
  assert.equal(filter.text, "convert_string_expressions:hyphenated_props:a-b = 1");
  const strict = await filterOf("no_convert_string_expressions:age = 1", "1.0");
  assert.equal(
    strict.filter.text,
    "convert_string_expressions:hyphenated_props:no_convert_string_expressions:age = 1",
  );
  assert.equal(strict.filter.matches(strict.stomp.published("destination:/topic/t", "age:1")), false);
});

test("15.2: the selector is unescaped where the version has escapes; properties are not", async () => {
  const { stomp, filter } = await filterOf("x = 'a\\cb'");
  assert.equal(filter.matches(stomp.published("destination:/topic/t", "x:a\\cb")), false);
  assert.equal(filter.text.endsWith("x = 'a:b'"), true);
  const plain = await filterOf("x = 'a\\cb'", "1.0");
  assert.equal(plain.filter.matches(plain.stomp.published("destination:/topic/t", "x:a\\cb")), true);
});

test("14.4: broker headers win over the client's, the first occurrence over the second", async () => {
  const { stomp, filter } = await filterOf("JMSMessageID = 'default-11' AND x = '1'");
  assert.equal(filter.matches(stomp.published("destination:/topic/t", "x:1", "x:2")), true);
});

test("selectors look at messages of other protocols through their codecs", async () => {
  const { filter } = await filterOf("age > 20");
  const aged = (age: number) =>
    foreignMessage({ property: (_, name) => (name === "age" ? age : undefined) }, "");
  assert.deepEqual([filter.matches(aged(21)), filter.matches(aged(20))], [true, false]);
});

test("quirk 32: what cannot be evaluated, or read, is not wanted", async () => {
  const { stomp, filter } = await filterOf("no_convert_string_expressions:x - 1 = 1");
  assert.equal(filter.matches(stomp.published("destination:/topic/t", "x:2")), false);
  const unreadable = foreignMessage(
    {
      property: () => {
        throw new Error("damaged");
      },
    },
    "",
  );
  assert.equal(filter.matches(unreadable), false);
});

test("7: a durable subscription's selector goes with it; an empty one asks for everything", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:d", "destination:/topic/a", "persistent:true", "selector:color='red'");
  const { request } = stomp.lastSubscription;
  assert.equal(request.durable?.key, "dsub:d");
  assert.match(request.filter!.text, /color='red'$/);
  stomp.send("SUBSCRIBE", "id:e", "destination:/topic/a", "selector:");
  assert.equal(stomp.lastSubscription.request.filter, undefined);
});

test("a bad selector: Apollo's message, and in the body where the mistake is", async () => {
  for (let time = 0; time < 2; time += 1) {
    const stomp = new Harness();
    await stomp.connect();
    stomp.send("SUBSCRIBE", "id:s", "destination:/queue/a", "selector:a = 1 garbage");
    const error = stomp.only("ERROR");
    assert.equal(header(error, "message"), "Invalid selector expression\\c a = 1 garbage");
    assert.match(error.body, /at character 7/);
    assert.equal(stomp.host.subscriptions.length, 0);
  }
});

test("14.3: however many selectors clients think of, they all work", async () => {
  const stomp = new Harness();
  await stomp.connect();
  for (let age = 0; age < 250; age += 1) {
    stomp.send("SUBSCRIBE", `id:${age}`, "destination:/queue/a", `selector:age = ${age % 125}`);
  }
  const message = stomp.published("destination:/queue/a", "age:7");
  const matching = stomp.host.subscriptions.filter(({ request }) => request.filter!.matches(message));
  assert.equal(matching.length, 2);
});

test("14.1: XPATH is refused where the connector has none, and the body says so", async () => {
  const stomp = new Harness();
  await stomp.connect();
  stomp.send("SUBSCRIBE", "id:s", "destination:/queue/a", "selector:XPATH '//a'");
  const error = stomp.only("ERROR");
  assert.equal(header(error, "message"), "Invalid selector expression\\c XPATH '//a'");
  assert.match(error.body, /XPATH is not available/);
});

test("14.1 14.4: XPATH looks at the bodies of STOMP messages, not at those of other protocols", async () => {
  const compiled: string[] = [];
  const xpath = (expression: string) => {
    compiled.push(expression);
    return (body: Uint8Array) => {
      const text = Buffer.from(body).toString();
      if (text === "broken") throw new Error("no XML");
      return text.includes(expression);
    };
  };
  const stomp = new Harness({ xpath });
  await stomp.connect();
  const filterFor = (text: string) => {
    stomp.send("SUBSCRIBE", `id:${text}`, "destination:/queue/a", `selector:${text}`);
    return stomp.lastSubscription.request.filter!;
  };
  const sent = (...lines: string[]) => stomp.published("destination:/queue/a", ...lines);
  const filter = filterFor("XPATH 'b' AND color = 'red'");
  assert.deepEqual(
    [
      filter.matches(sent("color:red", "<b/>")),
      filter.matches(sent("color:blue", "<b/>")),
      filter.matches(sent("color:red", "<a/>")),
      filter.matches(sent("color:red", "broken")),
    ],
    [true, false, false, false],
  );
  assert.equal(filterFor("XPATH 'b'").matches(foreignMessage({}, "<b/>")), false);
  assert.equal(filterFor("XPATH '/'").matches(sent("</>")), true);
  assert.deepEqual(compiled, ["b", "b", "/"]);
});
