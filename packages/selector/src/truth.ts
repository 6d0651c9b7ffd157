import type { PropertySource, PropertyValue } from "./source.ts";

/** False, true or unknown. Numbers, so that a comparison can look its answer up in a mask. */
export type Truth = 0 | 1 | 2;

/** The condition does not hold. */
export const FALSE = 0;
/** The condition holds; the only answer that is a match. */
export const TRUE = 1;
/** The message has no value to decide by. */
export const UNKNOWN = 2;

/** A property's value, or undefined for null. */
export type Value = PropertyValue | undefined;

/** A compiled condition. */
export type Condition = (source: PropertySource) => Truth;

/** A compiled value: a property, a literal or what is computed from them. */
export interface Operand {
  readonly read: (source: PropertySource) => Value;
  /** The property, if it is nothing else. */
  readonly name: string | undefined;
  /** Whether `value` is what `read` gives for every message. */
  readonly constant: boolean;
  readonly value: Value;
  /** A whole number by its form: text compared with it must be one too. [messaging 14.3] */
  readonly integer: boolean;
  /** A whole number beyond 64 bits: it compares with nothing. [messaging 14.3] */
  readonly oversized: boolean;
}

const ALWAYS: readonly Condition[] = Object.freeze([
  (): Truth => FALSE,
  (): Truth => TRUE,
  (): Truth => UNKNOWN,
]);

/** The condition that does not depend on the message. */
export function always(truth: Truth): Condition {
  return ALWAYS[truth]!;
}

/** What a condition always says, or undefined when the message decides. */
export function constantTruth(condition: Condition): Truth | undefined {
  const at = ALWAYS.indexOf(condition);
  return at === -1 ? undefined : (at as Truth);
}

/**
 * The first operand that is not true, or else true. What stands right of an unknown is not looked at.
 * [messaging 14.3]
 */
export function and(conditions: readonly Condition[]): Condition {
  const open: Condition[] = [];
  for (const condition of conditions) {
    const known = constantTruth(condition);
    if (known !== TRUE) open.push(condition);
    if (known === FALSE || known === UNKNOWN) break;
  }
  const [first, second] = open;
  if (first === undefined) return always(TRUE);
  if (second === undefined) return first;
  if (open.length > 2) return (source) => firstNotTrue(open, source);
  return (source) => {
    const truth = first(source);
    return truth === TRUE ? second(source) : truth;
  };
}

/** True if an operand is, or else what the last one says: unknown OR false is false. [messaging 14.3] */
export function or(conditions: readonly Condition[]): Condition {
  const open: Condition[] = [];
  for (const [index, condition] of conditions.entries()) {
    const known = constantTruth(condition);
    if (known === undefined || known === TRUE || index === conditions.length - 1) open.push(condition);
    if (known === TRUE) break;
  }
  const [first, second] = open;
  if (first === undefined || second === undefined) return first ?? always(FALSE);
  if (open.length > 2) return (source) => firstTrueOrLast(open, source);
  return (source) => (first(source) === TRUE ? TRUE : second(source));
}

/** The opposite; unknown stays unknown. [14.3] */
export function not(condition: Condition): Condition {
  const known = constantTruth(condition);
  if (known !== undefined) return always(opposite(known));
  return (source) => opposite(condition(source));
}

/** The opposite of a truth; unknown stays unknown. */
export function opposite(truth: Truth): Truth {
  if (truth === UNKNOWN) return UNKNOWN;
  return truth === TRUE ? FALSE : TRUE;
}

function firstNotTrue(conditions: readonly Condition[], source: PropertySource): Truth {
  for (const condition of conditions) {
    const truth = condition(source);
    if (truth !== TRUE) return truth;
  }
  return TRUE;
}

function firstTrueOrLast(conditions: readonly Condition[], source: PropertySource): Truth {
  let truth: Truth = FALSE;
  for (const condition of conditions) {
    truth = condition(source);
    if (truth === TRUE) return TRUE;
  }
  return truth;
}
