import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { Credentials, Identity, LogFields, Logger, Principal } from "@tsapollo/domain";
import { PRINCIPAL_KINDS } from "@tsapollo/domain";
import { FakeClock } from "@tsapollo/testkit";
import { LoginAuthenticator, type LoginAuthenticatorParts, parseLoginConfig } from "../src/index.ts";

export const USER: string = PRINCIPAL_KINDS.user;
export const GROUP: string = PRINCIPAL_KINDS.group;
export const X500: string = PRINCIPAL_KINDS.x500;

/** Enough of the properties format for these tests. */
export function parseProperties(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (line.startsWith("#") || at === -1) continue;
    entries.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  return entries;
}

/** `b64:` marks what the tests take for encrypted; anything else is a wrong password. */
export function decrypt(value: string): string {
  if (!value.startsWith("b64:")) throw new Error("the encryption password is wrong");
  return Buffer.from(value.slice(4), "base64").toString();
}

export class RecordingLogger implements Logger {
  readonly lines: string[] = [];
  child(): Logger {
    return this;
  }
  debug(_fields: LogFields, event: string): void {
    this.lines.push(`debug ${event}`);
  }
  info(_fields: LogFields, event: string): void {
    this.lines.push(`info ${event}`);
  }
  warn(_fields: LogFields, event: string): void {
    this.lines.push(`warn ${event}`);
  }
  error(_fields: LogFields, event: string): void {
    this.lines.push(`error ${event}`);
  }
  count(part: string): number {
    return this.lines.filter((line) => line.includes(part)).length;
  }
}

/** An `etc` directory, a clock and a log; `login` builds an authenticator once and uses it. */
export class Fixture {
  readonly directory: string = mkdtempSync(join(tmpdir(), "security-"));
  readonly clock: FakeClock = new FakeClock();
  readonly logger: RecordingLogger = new RecordingLogger();
  #stampSeconds = 1_700_000_000;

  constructor(files: Readonly<Record<string, string>> = {}) {
    after(() => rmSync(this.directory, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  /** Each write gets a later time, whatever the file system's resolution. */
  write(name: string, text: string | Uint8Array): void {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    this.#stampSeconds += 1;
    utimesSync(path, this.#stampSeconds, this.#stampSeconds);
  }

  remove(name: string): void {
    rmSync(join(this.directory, name));
  }

  /** @param modules the lines between the braces of the domain */
  authenticator(modules: string, parts: Partial<LoginAuthenticatorParts> = {}): LoginAuthenticator {
    const { directory, clock, logger } = this;
    return new LoginAuthenticator({
      config: parseLoginConfig(`apollo { ${modules} };`, new Map()),
      domain: "apollo",
      directory,
      clock,
      logger,
      parseProperties,
      decrypt,
      ...parts,
    });
  }
}

export function credentials(shown: Partial<Credentials> = {}): Credentials {
  return {
    user: undefined,
    password: undefined,
    certificateNames: [],
    remoteAddress: "127.0.0.1:51234",
    localAddress: "127.0.0.1:61613",
    ...shown,
  };
}

export function identityOf(...principals: readonly (readonly [kind: string, name: string])[]): Identity {
  const list: Principal[] = principals.map(([kind, name]) => ({ kind, name }));
  return { principals: list, userName: list.find(({ kind }) => kind === USER)?.name };
}

/** `UserPrincipal:bob` and so on: the bare class names keep expectations readable. */
export function principalsOf(identity: Identity): string[] {
  return identity.principals.map(({ kind, name }) => `${kind.slice(kind.lastIndexOf(".") + 1)}:${name}`);
}
