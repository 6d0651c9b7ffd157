export { StompAdapter } from "./adapter.ts";
export { StompAddresses } from "./addresses.ts";
export { StompDatagrams, type StompDatagramsParts } from "./datagrams.ts";
export { StompMessageCodec } from "./message-codec.ts";
export { DEFAULT_STOMP_OPTIONS, type StompNaming, type StompOptions, type UserHeader } from "./options.ts";
export { readStoredFrame } from "./stored-frame.ts";
