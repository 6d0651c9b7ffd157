export {
  Address,
  ANY_CHILD,
  ANY_DESCENDANT,
  type DestinationKind,
  filterMatches,
  type PathPart,
  parseId,
  pathId,
  regexChild,
  type Wildcard,
} from "./address.ts";
export type { Clock, Timer } from "./clock.ts";
export { DatagramBacklog, type DatagramReceiver, type SharedBacklog } from "./datagrams.ts";
export type { Consumer, Delivery, Outcome } from "./delivery.ts";
export { BrokerError, ERRORS, type ErrorCode, InvariantError, invariant } from "./errors.ts";
export { Expression } from "./expression.ts";
export { type LogFields, type Logger, SILENT_LOGGER } from "./logger.ts";
export {
  Message,
  type MessageCodec,
  type MessageParts,
  type NeutralMessage,
  type PropertyValue,
  type RetainAction,
  type WireForm,
} from "./message.ts";
export {
  type CodecLookup,
  messageHeadSize,
  messageRecordSize,
  readMessageRecord,
  writeMessageHead,
  writeMessageRecord,
} from "./message-record.ts";
export { formatPath, NEUTRAL_SYNTAX, type PathSyntax, parsePath } from "./path-syntax.ts";
export {
  type Admission,
  type AdmitAbsent,
  type Connection,
  type HostResident,
  type Identification,
  type LoginRequest,
  OUTPUT_RESERVE_MAX,
  type Output,
  type ProtocolAdapter,
  type ProtocolHandler,
  type ProtocolServices,
  type Reception,
} from "./protocol.ts";
export { ReadingGate } from "./reading-gate.ts";
export { principalsText, refusalText } from "./refusal-text.ts";
export {
  type Action,
  type Authenticator,
  type Authorizer,
  type Credentials,
  type Identity,
  PRINCIPAL_KINDS,
  type Principal,
  type Resource,
  type ResourceKind,
} from "./security.ts";
export { SmallMap } from "./small-map.ts";
export { SmallSet } from "./small-set.ts";
export type {
  LoadedEntry,
  MessageStore,
  PageBounds,
  QueueState,
  StoredEntry,
  StoredPlace,
  StoredQueue,
  UnitOfWork,
} from "./store.ts";
export {
  type DurableLimit,
  type MessageFilter,
  type NamedStates,
  NO_TOKEN,
  type Producer,
  type SubscribeRequest,
  type Subscription,
  type Transaction,
  type VirtualHost,
} from "./virtual-host.ts";
