import type { Position } from "./xml/position.ts";

/** Something to tell the operator about a configuration that loads nevertheless. [instance 5.4] */
export interface ValidationMessage {
  /** `info` is no validation failure: it tells of settings without meaning here. */
  readonly severity: "info" | "warning" | "error";
  /** Undefined: it is about the whole. */
  readonly position: Position | undefined;
  readonly text: string;
}

/** A message as one line: `warning at (12:5): …`. [instance 5.4] */
export function formatMessage(message: ValidationMessage): string {
  const { severity, position, text } = message;
  return position === undefined
    ? `${severity}: ${text}`
    : `${severity} at (${position.line}:${position.column}): ${text}`;
}

/** Those messages that `validation="strict"` refuses to start with, and that are shown at WARN. [instance 5.4] */
export function validationFailures(messages: readonly ValidationMessage[]): readonly ValidationMessage[] {
  return messages.filter(({ severity }) => severity !== "info");
}
