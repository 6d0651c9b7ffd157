/** The name in letters of letters, shown when a broker starts; its last line is continued with the version. */
export const BANNER: string = [
  "  _                       _ _",
  " | |_ ___ __ _ _ __   ___| | | ___",
  " | __/ __/ _` | '_ \\ / _ \\ | |/ _ \\",
  " | |_\\__ \\ (_| | |_) | (_) | | | (_) |",
  "  \\__|___/\\__,_| .__/ \\___/|_|_|\\___/",
  "               |_|",
].join("\n");
