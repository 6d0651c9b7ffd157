import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { basename, resolve } from "node:path";
import { type Call, type Command, UsageError } from "../command.ts";
import { closingText } from "../create/closing-text.ts";
import { createInstance, type InstancePlan } from "../create/create-instance.ts";
import { entryOf, installedHome, installedVersion } from "../installation.ts";

const ENCODINGS: readonly InstancePlan["encoding"][] = [
  { name: "UTF-8", node: "utf8" },
  { name: "ISO-8859-1", node: "latin1" },
  { name: "US-ASCII", node: "ascii" },
];
const KEY_BITS_MIN = 2_048;
const KEY_BITS_MAX = 8_192;
const KEY_BITS_DEFAULT = 4_096;
const HOST_LENGTH_MAX = 255;
const REFERENCE = "${";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into scripts and XML
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Writes the folder of a new broker: scripts, configuration, key store. [instance 1.5] */
export const create: Command = {
  name: "create",
  description: "creates a new broker instance",
  options: [
    { name: "encoding", value: "encoding", doc: "The encoding that text files should use" },
    { name: "force", doc: "Overwrite configuration at destination directory" },
    { name: "home", value: "home", doc: "Directory where tsapollo is installed" },
    { name: "host", value: "host", doc: "The host name of the broker; the name of the directory by default" },
    {
      name: "key-size",
      value: "bits",
      doc: `Length of the generated RSA key, ${KEY_BITS_DEFAULT} by default`,
    },
    {
      name: "standard-ports",
      doc: "Also listen on the usual ports of MQTT (1883, 8883) and AMQP (5672, 5671)",
    },
    {
      name: "with-ssl",
      doc: "Generate a key store and enable TLS in the configuration; this is the default",
    },
    { name: "without-ssl", doc: "Generate no key store and no TLS connectors" },
  ],
  arguments: [{ name: "directory", required: true, doc: "The directory to hold the broker instance" }],
  async run(call) {
    const { stdout, platform } = call.context;
    const plan = planOf(call);
    stdout.write(`Creating apollo instance at: ${plan.typed}\n`);
    const base = await createInstance(plan, stdout);
    const initScripts = statSync("/etc/init.d", { throwIfNoEntry: false })?.isDirectory() ?? false;
    stdout.write(closingText({ base, platform, initScripts }));
    return 0;
  },
};

function planOf(call: Call): InstancePlan {
  const { context, values, flags, words } = call;
  const typed = words[0] as string;
  if (typed === "")
    throw new UsageError("the argument <directory> is empty: name the folder of the broker instance");
  const folder = resolve(context.workingFolder, typed);
  if (CONTROL.test(folder)) throw new UsageError("the argument <directory> contains a control character");
  if (folder.includes(REFERENCE)) {
    throw new UsageError(
      `the path '${folder}' contains ${REFERENCE}, which etc/apollo.xml takes for a reference`,
    );
  }
  const encoding = encodingOf(values.get("encoding"));
  const home = values.has("home")
    ? resolve(context.workingFolder, values.get("home") as string)
    : installedHome();
  return {
    typed,
    folder,
    host: hostOf(values.get("host") ?? basename(folder), encoding),
    user: accountName(),
    version: installedVersion(),
    entry: entryOf(home),
    tls: wantsTls(flags),
    keyBits: keyBitsOf(values.get("key-size")),
    standardPorts: flags.get("standard-ports") === true,
    force: flags.get("force") === true,
    encoding,
    platform: context.platform,
  };
}

/** In a container the account may have a number and no name. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}

function hostOf(host: string, encoding: InstancePlan["encoding"]): string {
  if (host.trim() === "")
    throw new UsageError("the directory has no name to call the host by: add --host <host>");
  if (host.length > HOST_LENGTH_MAX || CONTROL.test(host)) {
    throw new UsageError(
      `the host name is wrong: at most ${HOST_LENGTH_MAX} characters and no control characters`,
    );
  }
  if (host.includes(REFERENCE)) {
    throw new UsageError(
      `the host name '${host}' contains ${REFERENCE}, which etc/apollo.xml takes for a reference: add another --host <host>`,
    );
  }
  if (Buffer.from(host, encoding.node).toString(encoding.node) !== host) {
    throw new UsageError(
      `the host name '${host}' cannot be written in ${encoding.name}: add --encoding UTF-8 or another --host <host>`,
    );
  }
  return host;
}

function wantsTls(flags: ReadonlyMap<string, boolean>): boolean {
  const without = flags.get("without-ssl");
  const wanted = flags.get("with-ssl");
  if (wanted === true && without === true)
    throw new UsageError("--with-ssl and --without-ssl exclude each other");
  return wanted ?? without !== true;
}

function keyBitsOf(text: string | undefined): number {
  const bits = text === undefined ? KEY_BITS_DEFAULT : Number(text);
  if (Number.isInteger(bits) && bits >= KEY_BITS_MIN && bits <= KEY_BITS_MAX && bits % 8 === 0) return bits;
  throw new UsageError(
    `--key-size ${text} is wrong: a multiple of 8 from ${KEY_BITS_MIN} to ${KEY_BITS_MAX}`,
  );
}

function encodingOf(text: string | undefined): InstancePlan["encoding"] {
  const wanted = (text ?? "UTF-8").toUpperCase();
  const found = ENCODINGS.find(({ name }) => name === wanted || name.replaceAll("-", "") === wanted);
  if (found !== undefined) return found;
  const names = ENCODINGS.map(({ name }) => name).join(", ");
  throw new UsageError(`--encoding ${text} is wrong: text files can be written in ${names}`);
}
