export { AmqpAdapter } from "./adapter.ts";
export { AmqpAddresses } from "./addresses.ts";
export { AmqpContainers } from "./containers.ts";
export { AMQP_CODEC_ID, AmqpMessageCodec } from "./message-codec.ts";
export { type AmqpNaming, type AmqpOptions, DEFAULT_AMQP_OPTIONS } from "./options.ts";
export type { SaslExchange, SaslMechanism, SaslStep } from "./sasl.ts";
export { readStoredSections } from "./stored-sections.ts";
