import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BrokerError } from "@tsapollo/domain";

/** The folder of this package: compiled code lies in `dist/src`. */
const PACKAGE_FOLDER: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Where this package lies inside the repository; `bin/broker` looks in the same places, see its template. */
const PACKAGE_IN_REPOSITORY: string = join("packages", "cli");
const ENTRY: string = join("bin", "tsapollo.js");
const TEMPLATES = "instances-template";

/** The version of the installed broker, such as `0.1.0`. */
export function installedVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(PACKAGE_FOLDER, "package.json"), "utf8"));
  return String((manifest as { version?: unknown }).version);
}

/** The folder of the running installation: of the repository, or of this package when it came from npm. */
export function installedHome(): string {
  const repository = dirname(dirname(PACKAGE_FOLDER));
  const inRepository =
    existsSync(join(repository, PACKAGE_IN_REPOSITORY, ENTRY)) && existsSync(join(repository, TEMPLATES));
  return inRepository ? repository : PACKAGE_FOLDER;
}

/**
 * The file that starts the command line of an installation; instances record it.
 * @param home an installation folder: of the repository, of this package, or one with this package in `node_modules`
 * @throws BrokerError BAD_CONFIGURATION when the folder holds no installation
 */
export function entryOf(home: string): string {
  const places = [
    join(home, PACKAGE_IN_REPOSITORY, ENTRY),
    join(home, ENTRY),
    join(home, "node_modules", "@tsapollo", "cli", ENTRY),
  ];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new BrokerError(
    "BAD_CONFIGURATION",
    `no tsapollo is installed at '${home}': looked for ${places.join(", ")}`,
  );
}

/**
 * The folder of the files that `create` writes: inside the published package, or at the top of the repository.
 * @throws BrokerError BAD_CONFIGURATION when the installation is incomplete
 */
export function templateFolder(): string {
  const places = [join(PACKAGE_FOLDER, TEMPLATES), join(dirname(dirname(PACKAGE_FOLDER)), TEMPLATES)];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new BrokerError(
    "BAD_CONFIGURATION",
    `the installation is incomplete: looked for ${places.join(" and ")}`,
  );
}
