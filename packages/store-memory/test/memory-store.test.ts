import { storeConformance } from "@tsapollo/testkit";
import { MemoryStore } from "../src/index.ts";

const store = new MemoryStore();

storeConformance("memory store", {
  open: async () => {
    const fresh = new MemoryStore();
    await fresh.open();
    return fresh;
  },
  title: store.title,
  reopen: undefined, // it forgets: there is nothing to open again
});
