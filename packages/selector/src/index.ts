export type {
  ArithmeticOperator,
  BetweenNode,
  ComparisonOperator,
  InNode,
  LikeNode,
  LiteralNode,
  NameNode,
  NumberForm,
  NumberNode,
  SelectorNode,
} from "./ast.ts";
export { SelectorCache, type SelectorCacheOptions } from "./cache.ts";
export { SelectorError, type SelectorErrorCode } from "./errors.ts";
export { DEFAULT_SELECTOR_LIMITS, type SelectorLimits } from "./limits.ts";
export { printSelector } from "./print.ts";
export { parseSelector, parseSelectorNode, type Selector, type SelectorOptions } from "./selector.ts";
export type { PropertySource, PropertyValue } from "./source.ts";
export { type XPathFunction, type XPathParts, xpathOverXml } from "./xpath.ts";
