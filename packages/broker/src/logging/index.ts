export type { TextSink } from "./appenders.ts";
export type { LogLevel } from "./levels.ts";
export {
  type AppenderSettings,
  type ConsoleSettings,
  DEFAULT_LOG4J,
  type FileSettings,
  type Log4jConfig,
  type LoggerSettings,
} from "./log4j-config.ts";
export {
  DEFAULT_CATEGORIES,
  type LogCategories,
  type LogChannels,
  type LogParts,
  openLogs,
} from "./open-logs.ts";
export { loadLog4j, type ParsedLog4j, parseLog4j } from "./parse-log4j.ts";
