import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { BrokerError } from "@tsapollo/domain";
import type { TextWriter } from "../command.ts";
import { templateFolder } from "../installation.ts";
import { generateKeystore } from "./keystore.ts";
import { placeFiles } from "./place-files.ts";
import { render, type TemplateValues } from "./render.ts";
import {
  EMPTY_FOLDERS,
  FOLDER,
  folderMode,
  KEYSTORE,
  TEMPLATE_FILES,
  type TemplateFile,
} from "./template-files.ts";

/** Everything that `create` was told or found out. */
export interface InstancePlan {
  /** The folder as it was typed, for messages. */
  readonly typed: string;
  /** Absolute path of the instance. */
  readonly folder: string;
  readonly host: string;
  readonly user: string;
  readonly version: string;
  /** The file of the installation that starts the command line. */
  readonly entry: string;
  readonly tls: boolean;
  readonly keyBits: number;
  readonly standardPorts: boolean;
  readonly force: boolean;
  /** What the files in `etc` are written in. */
  readonly encoding: { readonly name: string; readonly node: BufferEncoding };
  readonly platform: NodeJS.Platform;
}

/** Short, and without the instance's name, which may be as long as a name can be. */
const STAGING = ".creating-";
const UNIT_CHARS_MAX = 255 - ".service".length;

interface FinishedFile {
  readonly target: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/**
 * Writes a broker instance. [instance 1.5] Nobody ever sees half of one: it is finished beside its place (inside it,
 * when the folder exists) and then moved.
 * @returns the canonical path of the instance
 * @throws BrokerError ALREADY_EXISTS for a file that must not be overwritten, or what the file system throws
 */
export async function createInstance(plan: InstancePlan, progress: TextWriter): Promise<string> {
  const templates = TEMPLATE_FILES.filter((file) => isFor(file, plan.platform));
  const targets = templates.map((file) => file.target.replace("*", unitName(plan.host)));
  refuseToOverwrite(plan, plan.tls ? [...targets, KEYSTORE.target] : targets);
  let keystore: Buffer | undefined;
  if (plan.tls) {
    progress.write("Generating ssl keystore...\n");
    keystore = await generateKeystore(plan.host, plan.keyBits);
  }
  const finish = (base: string): FinishedFile[] => {
    const values = valuesOf(plan, base);
    const files = templates.map((file, index) => finishedFile(plan, file, targets[index] as string, values));
    if (keystore !== undefined) files.push({ ...KEYSTORE, bytes: keystore });
    return files;
  };
  return existsSync(plan.folder) ? fillFolder(plan.folder, finish) : newFolder(plan.folder, finish);
}

function isFor(file: TemplateFile, platform: NodeJS.Platform): boolean {
  return file.only === undefined || (file.only === "windows") === (platform === "win32");
}

/** A host's name as the name of a systemd unit, which allows fewer characters, and 255 with `.service`. */
function unitName(host: string): string {
  return host.replaceAll(/[^A-Za-z0-9:_.-]/g, "-").slice(0, UNIT_CHARS_MAX);
}

function refuseToOverwrite({ typed, folder, force }: InstancePlan, targets: readonly string[]): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory()) {
    throw new BrokerError("ALREADY_EXISTS", `'${typed}' is a file: the broker instance needs a folder`);
  }
  const existing = targets.find((target) => existsSync(join(folder, target)));
  if (existing === undefined || force) return;
  const path = join(typed, existing);
  throw new BrokerError("ALREADY_EXISTS", `The file '${path}' already exists.  Use --force to overwrite.`);
}

function valuesOf(plan: InstancePlan, base: string): TemplateValues {
  const { host, user, version, entry, encoding } = plan;
  const conditions = new Set<string>();
  if (plan.tls) conditions.add("tls");
  if (plan.standardPorts) conditions.add("standard-ports");
  return {
    texts: {
      host,
      unit: unitName(host),
      user,
      version,
      entry,
      base,
      node: process.execPath,
      encoding: encoding.name,
    },
    conditions,
  };
}

function finishedFile(
  plan: InstancePlan,
  file: TemplateFile,
  target: string,
  values: TemplateValues,
): FinishedFile {
  const text = render(readFileSync(join(templateFolder(), file.source), "utf8"), file.syntax, values);
  // Scripts and units hold names of files, and these are UTF-8 whatever people write their texts in.
  const encoding = file.syntax === "xml" || file.syntax === "verbatim" ? plan.encoding.node : "utf8";
  return { target, bytes: Buffer.from(text, encoding), mode: file.mode };
}

function newFolder(folder: string, finish: (base: string) => readonly FinishedFile[]): string {
  const firstParent = makeFolders(dirname(folder));
  try {
    const base = join(realpathSync(dirname(folder)), basename(folder));
    withStaging(join(dirname(base), STAGING), (staging) => {
      const files = finish(base);
      const finished = join(staging, "finished");
      writeAll(finished, files);
      renameSync(finished, base);
    });
    return base;
  } catch (error) {
    if (firstParent !== undefined) rmSync(firstParent, { recursive: true, force: true });
    throw error;
  }
}

/** The first folder it made. Node's own way never ends where a folder can neither be made nor found, as in /proc. */
function makeFolders(folder: string): string | undefined {
  if (existsSync(folder)) return undefined;
  const first = makeFolders(dirname(folder));
  mkdirSync(folder, { mode: FOLDER });
  return first ?? folder;
}

function fillFolder(folder: string, finish: (base: string) => readonly FinishedFile[]): string {
  const base = realpathSync(folder);
  withStaging(join(base, STAGING), (staging) => {
    const files = finish(base);
    const finished = join(staging, "finished");
    writeAll(finished, files);
    const folders = foldersOf(files);
    placeFiles(
      { finished, replaced: join(staging, "replaced"), folders, files: files.map((file) => file.target) },
      base,
    );
  });
  return base;
}

function withStaging(prefix: string, work: (staging: string) => void): void {
  const staging = mkdtempSync(prefix);
  try {
    work(staging);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function writeAll(folder: string, files: readonly FinishedFile[]): void {
  mkdirSync(folder, { mode: FOLDER });
  for (const path of foldersOf(files)) mkdirSync(join(folder, path), { mode: folderMode(path) });
  for (const { target, bytes, mode } of files) writeFileSync(join(folder, target), bytes, { mode });
}

function foldersOf(files: readonly FinishedFile[]): readonly string[] {
  const folders = new Set(EMPTY_FOLDERS);
  for (const { target } of files) {
    const parts = target.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) folders.add(parts.slice(0, depth).join("/"));
  }
  return [...folders].sort();
}
