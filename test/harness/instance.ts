import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before } from "node:test";
import { emptyFolder, tsapollo, userEnvironment } from "./command-line.ts";
import { within } from "./waiting.ts";

/** How connectors can be reached. */
export type Scheme = "tcp" | "tls" | "ws" | "wss" | "udp";

/** What is special about an instance. */
export interface InstanceOptions {
  /** Changes etc/apollo.xml, whose ports are 0 already. */
  readonly xml?: (template: string) => string;
  /** Files to write, by their path inside the instance. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** What it stores must survive, whatever `TSAPOLLO_TEST_STORE` says. */
  readonly durable?: boolean;
}

/** `TSAPOLLO_TEST_STORE=memory` runs tests without a store, but for those that are about one. */
const { TSAPOLLO_TEST_STORE: TEST_STORE = "leveldb" } = process.env;
/** The store that the template configures. */
const TEMPLATE_STORE = /<leveldb_store directory="\$\{apollo\.base\}\/data"\/>/;

const START_MS = 30_000;
const STOP_MS = 30_000;

/** A fresh instance folder with ephemeral ports. The key is made once per test process, which takes a moment. */
export function makeInstance(options: InstanceOptions = {}): string {
  const base = join(emptyFolder(), "mybroker");
  cpSync(template(), base, { recursive: true });
  const file = join(base, "etc", "apollo.xml");
  const xml = readFileSync(file, "utf8").replaceAll(/(bind="\w+:\/\/[^":]+):\d+/g, "$1:0");
  const edited = options.xml?.(xml) ?? xml;
  writeFileSync(file, TEST_STORE === "memory" && options.durable !== true ? onlyInMemory(edited) : edited);
  for (const [path, content] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), content);
  }
  return base;
}

function onlyInMemory(xml: string): string {
  return xml.replace(TEMPLATE_STORE, "<null_store/>");
}

const made: string[] = [];

function template(): string {
  const known = made[0];
  if (known !== undefined) return known;
  const folder = emptyFolder();
  const { code, stderr } = tsapollo(folder, "create", "--key-size=2048", "mybroker");
  assert.equal(code, 0, `tsapollo create failed: ${stderr}`);
  made.push(join(folder, "mybroker"));
  return made[0]!;
}

/** A broker that runs in a process of its own, started as its owner would. */
export class Instance {
  readonly base: string;
  readonly #child: ChildProcess;
  readonly #ports: Record<string, number[]> = {};
  readonly #exited: Promise<number | string>;
  #stdout = "";
  #stderr = "";
  #onOutput: () => void = () => undefined;

  private constructor(
    base: string,
    program: string,
    cwd: string,
    environment: Readonly<Record<string, string>>,
  ) {
    this.base = base;
    this.#child = spawn(program, ["run"], {
      cwd,
      env: userEnvironment(environment),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#onOutput();
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#exited = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
    });
    const end = (): void => void this.#child.kill("SIGKILL");
    process.on("exit", end);
    void this.#exited.finally(() => process.off("exit", end)).catch(() => undefined);
  }

  /** Runs `bin/broker run` and waits until every connector is open. */
  static async start(base: string, how: { program?: string; cwd?: string } = {}): Promise<Instance> {
    const instance = Instance.launch(base, how);
    const xml = readFileSync(join(base, "etc", "apollo.xml"), "utf8").replaceAll(/<!--[\s\S]*?-->/g, "");
    const wanted = [...xml.matchAll(/<connector\b/g)].length;
    const ready = new Promise<void>((resolve, reject) => {
      instance.#onOutput = () => {
        if (instance.#readPorts() >= wanted) resolve();
      };
      void instance.#exited.then((code) =>
        reject(new Error(`it ended with ${code}: ${instance.everything}`)),
      );
    });
    await within(ready, `the start of the broker (so far: ${instance.everything})`, START_MS);
    return instance;
  }

  /** Runs `bin/broker run` and waits for nothing. */
  static launch(base: string, how: { program?: string; cwd?: string } = {}): Instance {
    return new Instance(base, how.program ?? join(base, "bin", "broker"), how.cwd ?? dirname(base), {});
  }

  #readPorts(): number {
    const found = [...this.#stdout.matchAll(/Accepting connections at: (\w+):\/\/\S*?:(\d+)\/?\s/g)];
    for (const key of Object.keys(this.#ports)) delete this.#ports[key];
    for (const [, scheme, port] of found) {
      this.#ports[scheme!] ??= [];
      this.#ports[scheme!]!.push(Number(port));
    }
    return found.length;
  }

  /** The port of the first connector of this kind, or of a later one. */
  port(scheme: Scheme, at = 0): number {
    const port = this.#ports[scheme]?.[at];
    assert.ok(port !== undefined, `no ${scheme} connector ${at} in: ${this.#stdout}`);
    return port;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get everything(): string {
    return `${this.#stdout}${this.#stderr}`;
  }

  /** Path of one of its files. */
  path(...parts: readonly string[]): string {
    return join(this.base, ...parts);
  }

  /** Resident memory of the process in MiB. */
  get residentMiB(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Exit code, or the name of the signal that ended it. */
  exit(): Promise<number | string> {
    return within(this.#exited, "the end of the broker", STOP_MS);
  }

  /** Asks it to stop. */
  async stop(): Promise<number | string> {
    this.signal("SIGTERM");
    return this.exit();
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exit();
  }
}

/** The instance of a suite: started before it, and stopped cleanly after it. */
export interface SuiteInstance {
  readonly now: Instance;
}

/** Gives the suite around the call an instance of its own. */
export function useInstance(options: InstanceOptions = {}): SuiteInstance {
  const held: { instance?: Instance } = {};
  before(async () => {
    held.instance = await Instance.start(makeInstance(options));
  });
  after(async () => {
    const { instance } = held;
    if (instance === undefined) return;
    assert.equal(await instance.stop(), 0, `the broker did not stop cleanly: ${instance.everything}`);
    assert.ok(!existsSync(instance.path("data", "apollo.pid")), "the pid file is left");
    assert.equal(instance.stderr, "");
  });
  return {
    get now(): Instance {
      if (held.instance === undefined) throw new Error("the instance has not started");
      return held.instance;
    },
  };
}
