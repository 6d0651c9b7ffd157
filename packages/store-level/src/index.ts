export type { ArchiveCodecs } from "./archive/archive-codecs.ts";
export { type ArchiveProgress, exportStore } from "./archive/export-store.ts";
export { type ImportParts, type ImportReport, importStore } from "./archive/import-store.ts";
export { LevelStore, type LevelStoreParts } from "./level-store.ts";
