import { connect } from "node:net";
import { BrokerError, ERRORS, type ErrorCode } from "@tsapollo/domain";
import type { ControlArguments } from "./control-server.ts";

const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** What a socket says that nobody listens on. */
const NOBODY = new Set(["ENOENT", "ECONNREFUSED"]);

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code?: string; readonly text?: string };
}

/**
 * Asks the running broker of an instance to do something.
 * @returns what it answered; undefined when no broker runs
 * @throws BrokerError what the broker answered, or CANNOT_LISTEN when it cannot be reached
 */
export async function askBroker(
  path: string,
  command: string,
  given: ControlArguments,
): Promise<Answer | undefined> {
  const text = await exchange(path, `${JSON.stringify({ ...given, command })}\n`);
  if (text === undefined) return undefined;
  let answer: Answer;
  try {
    answer = JSON.parse(text) as Answer;
  } catch {
    throw new BrokerError("INTERNAL", "The broker ended before it had answered; look into its log");
  }
  const { error } = answer;
  if (error === undefined) return answer;
  const code = error.code !== undefined && error.code in ERRORS ? (error.code as ErrorCode) : "INTERNAL";
  throw new BrokerError(code, error.text);
}

async function exchange(path: string, line: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(line));
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > ANSWER_BYTES_MAX) socket.destroy(new Error("the answer is too long"));
    });
    socket.on("close", (failed) => {
      if (!failed) resolve(text);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== undefined && NOBODY.has(error.code)) resolve(undefined);
      else
        reject(
          new BrokerError("CANNOT_LISTEN", `The broker cannot be asked through '${path}': ${error.message}`),
        );
    });
  });
}
