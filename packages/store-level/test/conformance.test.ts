import { storeConformance } from "@tsapollo/testkit";
import type { LevelStore } from "../src/index.ts";
import { emptyFolder, openStore } from "./support.ts";

const directories = new Map<unknown, string>();

async function open(directory: string): Promise<LevelStore> {
  const store = await openStore(directory);
  directories.set(store, directory);
  return store;
}

storeConformance("leveldb store", {
  open: () => open(emptyFolder()),
  title: "leveldb store at ",
  copies: { folder: emptyFolder, open },
  reopen: async (store) => {
    await store.close();
    return open(directories.get(store)!);
  },
});
