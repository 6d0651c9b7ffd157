import { accepted, type ElementRule, element, option, optionsOf, required, type Table } from "../declare.ts";
import { count, FLAG, memorySize, NAME, oneOf } from "../value-types.ts";
import type { BdbStoreConfig, LevelStoreConfig } from "../virtual-host-config.ts";

const FLUSH_DELAY_DOC =
  "Milliseconds a unit of work that nobody waits for may wait to be cancelled out by a later one. From 1 up, units that producers wait for also wait some milliseconds for consumers, where that pays; 0 or negative: nothing waits.";
const FLUSH_DELAY = option(
  "flush_delay",
  count(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  500,
  FLUSH_DELAY_DOC,
);
const DIRECTORY = required("directory", NAME, "", "Where it is; created when missing.");
const READ_THREADS = accepted("read_threads", "Concurrent reads are the runtime's matter.");

/** `<leveldb_store>`. [instance 9.2] */
export const LEVEL_STORE: Table<Omit<LevelStoreConfig, "kind">> = {
  directory: DIRECTORY,
  flushDelayMs: FLUSH_DELAY,
  sync: option("sync", FLAG, true, "Wait for the disk before a message counts as stored."),
  paranoidChecks: option("paranoid_checks", FLAG, false, "Read and check everything at every start."),
  verifyChecksums: option("verify_checksums", FLAG, false, "Nothing more: what is read is always verified."),
  failIfLocked: option(
    "fail_if_locked",
    FLAG,
    false,
    "Fail at once, instead of trying again, when another process uses the directory.",
  ),
  logSizeBytes: option(
    "log_size",
    memorySize(1),
    104_857_600,
    "Size at which a log file is rotated; more than 32 MiB count as 32 MiB.",
  ),
  logCompression: option("log_compression", oneOf("snappy", "none"), "snappy", "Compression of messages."),
};

/** `<bdb_store>`. [instance 9.3] */
export const BDB_STORE: Table<Omit<BdbStoreConfig, "kind">> = {
  directory: DIRECTORY,
  flushDelayMs: FLUSH_DELAY,
};

const LEVEL_INDEX = "Tuning of Java's index.";

/** The stores; a virtual host has one of them. [instance 9] */
export const STORE_RULES: readonly ElementRule[] = [
  element("null_store", "Keeps nothing, and silences the message about the missing store.", {
    attributes: [accepted("flush_delay", "There is nothing to delay.")],
  }),
  element("leveldb_store", "Keeps messages in a directory.", {
    attributes: [
      ...optionsOf(LEVEL_STORE),
      READ_THREADS,
      ...[
        "index_factory",
        "index_max_open_files",
        "index_block_restart_interval",
        "index_write_buffer_size",
        "index_block_size",
        "index_cache_size",
        "index_compression",
        "auto_compaction_ratio",
        "log_write_buffer_size",
      ].map((name) => accepted(name, LEVEL_INDEX)),
    ],
  }),
  element("bdb_store", "Loads; the messages are kept as by `leveldb_store`.", {
    attributes: [...optionsOf(BDB_STORE), READ_THREADS],
  }),
];
