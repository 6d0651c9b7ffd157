import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Mailbox, PATIENCE_MS, within } from "./waiting.ts";

/** Debian's python, for which Debian's python3-stomp is installed. */
export const PYTHON = "/usr/bin/python3";

/** Options of a test that needs programs of this machine. Where the build runs they must be there. */
export function needing(
  ...needs: readonly (readonly [program: string, words: readonly string[], from: string])[]
): {
  skip?: string;
} {
  for (const [program, words, from] of needs) {
    const { error, status } = spawnSync(program, words, { stdio: "ignore" });
    const missing = error !== undefined || status === 127 || (program === PYTHON && status !== 0);
    if (missing && !process.env["CI"]) return { skip: `${program} is missing: install ${from}` };
  }
  return {};
}

/** mosquitto_pub and mosquitto_sub. */
export const MOSQUITTO: readonly [string, readonly string[], string] = [
  "mosquitto_sub",
  ["--help"],
  "Debian's mosquitto-clients",
];
/** stomp.py. */
export const STOMP_PY: readonly [string, readonly string[], string] = [
  PYTHON,
  ["-c", "import stomp"],
  "Debian's python3-stomp",
];

/** Qpid Proton. */
export const PROTON: readonly [string, readonly string[], string] = [
  PYTHON,
  ["-c", "import proton"],
  "Debian's python3-qpid-proton",
];

/** paho-mqtt. */
export const PAHO: readonly [string, readonly string[], string] = [
  PYTHON,
  ["-c", "import paho.mqtt"],
  "Debian's python3-paho-mqtt",
];

/** Path of a script in test/clients. */
export function script(name: string): string {
  return fileURLToPath(new URL(`../../clients/${name}`, import.meta.url));
}

/** A client program that runs, and what it prints line by line. */
export class Program {
  readonly #child: ChildProcess;
  readonly #lines: Mailbox<string> = new Mailbox();
  readonly #exited: Promise<number | string>;
  #errors = "";

  constructor(program: string, words: readonly (string | number)[]) {
    this.#child = spawn(program, words.map(String), { stdio: ["pipe", "pipe", "pipe"] });
    let rest = "";
    this.#child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#lines.put(line);
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
      this.#errors += chunk;
    });
    this.#exited = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => {
        this.#lines.end(new Error(`${program} ended with ${code ?? signal}: ${this.#errors}`));
        resolve(code ?? signal ?? "unknown");
      });
    });
    process.on("exit", () => this.#child.kill("SIGKILL"));
  }

  line(what = "a line", ms: number = PATIENCE_MS): Promise<string> {
    return this.#lines.take(what, ms);
  }

  /** Waits for a line that begins so, leaving out others. */
  async lineWith(start: string): Promise<string> {
    for (;;) {
      const line = await this.line(`a line '${start}…' (errors: ${this.#errors})`);
      if (line.startsWith(start)) return line;
    }
  }

  write(bytes: string | Uint8Array): void {
    this.#child.stdin!.end(bytes);
  }

  exit(ms: number = PATIENCE_MS): Promise<number | string> {
    return within(this.#exited, "the end of the program", ms);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it at once, without waiting for that. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async stop(name: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#child.kill(name);
    await this.exit();
  }

  get errors(): string {
    return this.#errors;
  }
}
