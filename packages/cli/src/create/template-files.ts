import type { Syntax } from "./render.ts";

/** One file of an instance and what it is made from. */
export interface TemplateFile {
  /** Path inside the template folder, with slashes. */
  readonly source: string;
  /** Path inside the instance; `*` stands for the host's name as a file name. */
  readonly target: string;
  /** How values are quoted; `verbatim` copies the file. */
  readonly syntax: Syntax;
  readonly mode: number;
  /** Written on this family of systems only. */
  readonly only?: "unix" | "windows";
}

const TEXT = 0o644;
const SECRET = 0o600;
const PROGRAM = 0o755;

/** Folders of an instance that begin empty. [instance 2] */
export const EMPTY_FOLDERS: readonly string[] = ["data", "log", "tmp"];
/** The mode of a folder, by its path inside the instance: others need not see in `etc` who has an account. */
export function folderMode(path: string): number {
  return path === "etc" ? 0o750 : FOLDER;
}

/** The mode of the instance and of the folders above it that are missing, whatever the umask would allow. */
export const FOLDER: number = 0o755;
/** Where the key store lies in an instance, and its mode. [instance 2] */
export const KEYSTORE: { readonly target: string; readonly mode: number } = {
  target: "etc/keystore",
  mode: SECRET,
};
/** Every file of an instance but the key store, in the order Apollo writes them. [instance 1.5] */
export const TEMPLATE_FILES: readonly TemplateFile[] = [
  copied("etc/log4j.properties", TEXT),
  copied("etc/users.properties", SECRET),
  copied("etc/groups.properties", TEXT),
  copied("etc/login.config", TEXT),
  copied("etc/black-list.txt", TEXT),
  { source: "etc/apollo.xml", target: "etc/apollo.xml", syntax: "xml", mode: TEXT },
  script("bin/broker"),
  script("bin/apollo-broker"),
  script("bin/broker-service"),
  script("bin/apollo-broker-service"),
  {
    source: "etc/systemd/broker.service",
    target: "etc/systemd/*.service",
    syntax: "systemd",
    mode: TEXT,
    only: "unix",
  },
  batch("bin/broker.cmd"),
  batch("bin/apollo-broker.cmd"),
  batch("bin/broker-service.cmd"),
  batch("bin/apollo-broker-service.cmd"),
  {
    source: "bin/broker-service.xml",
    target: "bin/broker-service.xml",
    syntax: "xml",
    mode: TEXT,
    only: "windows",
  },
];

function copied(path: string, mode: number): TemplateFile {
  return { source: path, target: path, syntax: "verbatim", mode };
}

function script(path: string): TemplateFile {
  return { source: path, target: path, syntax: "shell", mode: PROGRAM, only: "unix" };
}

function batch(path: string): TemplateFile {
  return { source: path, target: path, syntax: "batch", mode: TEXT };
}
