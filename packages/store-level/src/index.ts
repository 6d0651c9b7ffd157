export { LevelStore, type LevelStoreParts } from "./level-store.ts";
