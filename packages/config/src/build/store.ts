import type { LoadContext } from "../load-context.ts";
import { BDB_STORE, LEVEL_STORE, STORE_RULES } from "../tables/stores.ts";
import type { StoreConfig } from "../virtual-host-config.ts";
import type { XmlElement } from "../xml/element.ts";

/** The host's store: the first element that is one. [instance 9] */
export function buildStore(host: XmlElement, id: string, context: LoadContext): StoreConfig | undefined {
  const names = STORE_RULES.map(({ xmlName }) => xmlName);
  const stores = host.children.filter(({ ours, name }) => ours && names.includes(name));
  const [first, second] = stores;
  if (first === undefined) {
    context.error(`virtual host '${id}' does not have valid store configured`);
    return undefined;
  }
  if (second !== undefined && second.name !== first.name) {
    context.warn(
      second.position,
      `<${second.name}> is ignored; the virtual host has <${first.name}> already`,
    );
  }
  if (first.name === "leveldb_store") return { kind: "leveldb", ...context.read(first, LEVEL_STORE) };
  if (first.name === "bdb_store") return { kind: "bdb", ...context.read(first, BDB_STORE) };
  return { kind: "null" };
}
