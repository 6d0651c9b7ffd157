export type { BrokerConfig, ServiceConfig, WebAdminConfig } from "./broker-config.ts";
export type {
  AmqpConfig,
  ConnectorConfig,
  DetectConfig,
  MqttConfig,
  NamingConfig,
  SslConfig,
  StompConfig,
  UdpConfig,
  UserHeaderConfig,
} from "./connector-config.ts";
export { decryptValue, ENCRYPTION_PASSWORD_VARIABLE, encryptValue, isEncrypted } from "./encryption.ts";
export { type ConfigSources, defaultConfig, type LoadedConfig, loadConfig } from "./load.ts";
export { formatMemorySize, parseMemorySize } from "./memory-size.ts";
export { formatMessage, type ValidationMessage, validationFailures } from "./messages.ts";
export { parseProperties } from "./properties.ts";
export { configReference } from "./reference.ts";
export type {
  AccessRule,
  AuthenticationConfig,
  KeyStorageConfig,
} from "./security-config.ts";
export { type SystemPropertySources, systemProperties } from "./system-properties.ts";
export type {
  BdbStoreConfig,
  DsubConfig,
  LevelStoreConfig,
  LogCategoryConfig,
  NullStoreConfig,
  QueueConfig,
  QueueSettings,
  StoreConfig,
  TopicConfig,
  VirtualHostConfig,
} from "./virtual-host-config.ts";
export type { Position } from "./xml/position.ts";
