export type { Context, TextWriter } from "./command.ts";
export { main } from "./main.ts";
export { runProcess } from "./process.ts";
