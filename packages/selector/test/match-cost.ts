import { parseSelector, type SelectorOptions } from "../src/index.ts";
import { message, type Properties, STOMP } from "./messages.ts";

/** `node dist/test/match-cost.js`: what a match costs, in ns, and what parsing does. The README quotes it. */
const TYPED: Properties = {
  color: "red",
  age: 30,
  price: 9.5,
  region: "eu-west",
  id: "order-1234",
  urgent: true,
};
const HEADERS: Properties = { color: "red", age: "30", price: "9.5", region: "eu-west", id: "order-1234" };
const COMPLEX =
  "(color = 'red' OR color = 'blue') AND age BETWEEN 18 AND 65 AND region IN ('eu-west', 'eu-north') " +
  "AND id LIKE 'order-%' AND price * 2 < 20.0 AND comment IS NULL";

const CASES: readonly (readonly [string, string, Properties, SelectorOptions])[] = [
  ["no condition", "TRUE", TYPED, {}],
  ["text, typed", "color = 'red'", TYPED, {}],
  ["number, typed", "age >= 21", TYPED, {}],
  ["number, from a header", "age >= 21", HEADERS, STOMP],
  ["decimal, from a header", "price < 10.0", HEADERS, STOMP],
  ["LIKE with %", "id LIKE 'order-%'", TYPED, {}],
  ["LIKE with _", "id LIKE 'order_1%'", TYPED, {}],
  ["seven conditions, typed", COMPLEX, TYPED, {}],
  ["seven conditions, from headers", COMPLEX, HEADERS, STOMP],
  ["no answer", "color * 2 = 4", TYPED, {}],
];

const MATCHES = 500_000;
let matched = 0;

for (const [name, text, properties, options] of CASES) {
  const selector = parseSelector(text, options);
  // Two messages in turn, so that nothing is hoisted out of the loop.
  const sources = [message(properties), message({ ...properties, color: "green" })] as const;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 8; round++) {
    const begin = process.hrtime.bigint();
    for (let turn = 0; turn < MATCHES; turn++) if (selector.matches(sources[turn & 1 ? 1 : 0])) matched++;
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / MATCHES);
  }
  console.log(`${name}: ${best.toFixed(0)} ns a match`);
}

const begin = process.hrtime.bigint();
for (let turn = 0; turn < 20_000; turn++) parseSelector(COMPLEX);
console.log(
  `parsing seven conditions: ${(Number(process.hrtime.bigint() - begin) / 20_000 / 1000).toFixed(1)} µs`,
);
if (matched === 0) console.log("nothing matched");
