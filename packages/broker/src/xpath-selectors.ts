import type { Logger } from "@tsapollo/domain";
import { type XPathFunction, xpathOverXml } from "@tsapollo/selector";
import { DOMParser } from "@xmldom/xmldom";
import xpath from "xpath";
import { CutOffError, TimeLimit } from "./time-limit.ts";
import { nestsDeeper } from "./xml-depth.ts";

/** What one XPATH may cost. An XPath multiplies by the size of the document with every predicate in a predicate. */
export interface XPathLimits {
  /** Bodies that are longer do not match. */
  readonly bodyBytesMax: number;
  /** Nor do bodies whose elements nest deeper. */
  readonly depthMax: number;
  /** Reading a body and evaluating one expression over it is cut off then: no match. */
  readonly evaluationMsMax: number;
  /** An expression that was cut off so often in a row is not evaluated any more. */
  readonly cutOffsMax: number;
}

/** 64 KiB, 100 levels, 100 ms, three times. */
export const DEFAULT_XPATH_LIMITS: XPathLimits = Object.freeze({
  bodyBytesMax: 65_536,
  depthMax: 100,
  evaluationMsMax: 100,
  cutOffsMax: 3,
});

/**
 * XPATH in selectors, over untrusted XML: no document types and so no entities, nothing is loaded from anywhere, and
 * the limits hold for every evaluation. [messaging 14.1]
 */
export function limitedXPath(logger: Logger, limits: XPathLimits = DEFAULT_XPATH_LIMITS): XPathFunction {
  const { bodyBytesMax, depthMax, evaluationMsMax, cutOffsMax } = limits;
  const timeLimit = new TimeLimit(evaluationMsMax);
  const compile = xpathOverXml({
    parseXml: (text) => {
      if (nestsDeeper(text, depthMax)) throw new Error(`elements nest deeper than ${depthMax}`);
      return new DOMParser({ onError: refuse }).parseFromString(text, "text/xml");
    },
    compile: (expression) => (document) => xpath.select(expression, document as unknown as Node),
    bodyBytesMax,
  });
  return (expression) => {
    const test = compile(expression);
    let cutOffs = 0;
    return (body) => {
      if (cutOffs >= cutOffsMax) return false;
      try {
        const wanted = timeLimit.run(() => test(body));
        cutOffs = 0;
        return wanted;
      } catch (error) {
        if (!(error instanceof CutOffError)) throw error; // no XML, no XPath: the selector makes it false
        cutOffs += 1;
        if (cutOffs === cutOffsMax) logger.warn({ expression }, GIVEN_UP);
        return false;
      }
    };
  };
}

const GIVEN_UP = "An XPATH of a selector takes too long, and is false from now on";

/** A document with any mistake is none. */
function refuse(_level: string, problem: string): never {
  throw new Error(problem);
}
