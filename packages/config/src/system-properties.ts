import { homedir, platform, tmpdir, userInfo } from "node:os";
import { sep } from "node:path";

/** Where the instance and the installation are. */
export interface SystemPropertySources {
  /** Directory of the broker instance: `apollo.base`, `broker.base`. */
  readonly base: string;
  /** Directory of the installation: `apollo.home`. */
  readonly home: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The names that `${name}` finds besides `env.*` and the properties file: what a JVM would know and every
 * `-Dname=value` in `APOLLO_OPTS`, which wins. [instance 5.2, 21.2]
 */
export function systemProperties(sources: SystemPropertySources): Readonly<Record<string, string>> {
  const windows = platform() === "win32";
  const { APOLLO_OPTS: options = "" } = sources.environment;
  return {
    "apollo.base": sources.base,
    "broker.base": sources.base,
    ...(sources.home === undefined ? {} : { "apollo.home": sources.home }),
    "user.home": homedir(),
    "user.dir": process.cwd(),
    "user.name": userName(),
    "java.io.tmpdir": tmpdir(),
    "os.name":
      platform() === "linux"
        ? "Linux"
        : platform() === "darwin"
          ? "Mac OS X"
          : windows
            ? "Windows"
            : platform(),
    "file.separator": sep,
    "line.separator": windows ? "\r\n" : "\n",
    ...definitions(options),
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return ""; // a user id without an entry in the user data base, as in containers
  }
}

/** The `-Dname=value` words of a command line, quotes removed; other words are ignored. [instance 21.2] */
export function definitions(options: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [word] of options.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    const plain = word.replace(
      /"([^"]*)"|'([^']*)'/g,
      (_all, double?: string, single?: string) => double ?? single ?? "",
    );
    const match = /^-D([^=]+)=?([\s\S]*)$/.exec(plain);
    if (match !== null) found[match[1]!] = match[2]!;
  }
  return found;
}
