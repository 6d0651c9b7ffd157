import { randomUUID } from "node:crypto";
import type { IConnackPacket } from "mqtt-packet";
import type { ConnectRequest } from "./connect-request.ts";
import type { MqttOptions } from "./options.ts";
import { PacketError, REASON } from "./reasons.ts";
import { CONNACK } from "./wire.ts";

/** Largest packet there can be. [MQTT5-2.1.4] */
const PACKET_MAX = 268_435_460;
/** Bytes of a fixed header at the most. */
const FIXED_HEADER_MAX = 5;

/**
 * What a well-formed CONNECT asks for that is not to be had.
 * @throws PacketError with the reason code of the CONNACK
 */
export function checkRequest(request: ConnectRequest, options: MqttOptions): void {
  const { clientId, level, will } = request;
  if (options.redirectTo !== undefined) {
    const reason = options.redirectForGood ? REASON.SERVER_MOVED : REASON.USE_ANOTHER_SERVER;
    throw new PacketError(
      reason,
      `Clients of this connector are sent to ${options.redirectTo}.`,
      "UNSUPPORTED",
    );
  }
  if (clientId === "" && !request.clean && level < 5) {
    // [MQTT-3.1.3-8] [messaging quirk 15 mended]
    const text = "A clean session must be requested when no client id is provided.";
    throw new PacketError(REASON.CLIENT_ID_NOT_VALID, text);
  }
  if (clientId.length > options.maxClientIdLength) {
    const text = `The client id is longer than ${options.maxClientIdLength} characters (client_id_length_max).`;
    throw new PacketError(REASON.CLIENT_ID_NOT_VALID, text);
  }
  if (will === undefined) return;
  if (will.qos > options.maxQos) {
    throw new PacketError(REASON.QOS_NOT_SUPPORTED, `The will has QoS ${will.qos}.`);
  }
  if (will.retain && !options.retainAvailable) {
    throw new PacketError(REASON.RETAIN_NOT_SUPPORTED, "The will asks to be retained.");
  }
}

/** What was settled with a client. */
export interface Terms {
  readonly clientId: string;
  readonly expirySeconds: number;
  readonly keepAliveSeconds: number;
}

/** What a client that is let in gets of what it asked for. [MQTT-3.1.3-6] [MQTT5-3.1.3-6] [MQTT5-3.2.2-21] */
export function termsFor(
  { clientId, level, keepAliveSeconds, properties }: ConnectRequest,
  options: MqttOptions,
): Terms {
  const { keepAliveMaxSeconds: most, sessionExpiryMaxSeconds } = options;
  const tooLong = most > 0 && (keepAliveSeconds === 0 || keepAliveSeconds > most);
  return {
    // nobody else can choose such an id by accident
    clientId: clientId === "" ? `auto-${randomUUID()}` : clientId,
    expirySeconds: Math.min(properties.sessionExpirySeconds, sessionExpiryMaxSeconds),
    keepAliveSeconds: level === 5 && tooLong ? most : keepAliveSeconds,
  };
}

/** The CONNACK of a client that is let in. [MQTT5-3.2.2.3] */
export function acceptance(
  request: ConnectRequest,
  terms: Terms,
  present: boolean,
  options: MqttOptions,
): IConnackPacket {
  const { level, properties: asked } = request;
  // MQTT 3.1 has no such flag [MQTT-3.2.2-1] [MQTT-3.2.2-2] [MQTT-3.2.2-3]
  const sessionPresent = present && level > 3;
  if (level < 5) return { cmd: "connack", returnCode: CONNACK.ACCEPTED, sessionPresent };
  const { maxMessageLength, responsePrefix } = options;
  const responds = asked.requestResponseInformation && responsePrefix !== undefined;
  const properties: NonNullable<IConnackPacket["properties"]> = {
    ...(terms.expirySeconds !== asked.sessionExpirySeconds && { sessionExpiryInterval: terms.expirySeconds }),
    ...(options.receiveMax < 65_535 && { receiveMaximum: options.receiveMax }),
    ...(options.maxQos < 2 && { maximumQoS: options.maxQos }),
    ...(!options.retainAvailable && { retainAvailable: false }),
    ...(maxMessageLength + FIXED_HEADER_MAX < PACKET_MAX && {
      maximumPacketSize: maxMessageLength + FIXED_HEADER_MAX,
    }),
    ...(request.clientId === "" && { assignedClientIdentifier: terms.clientId }),
    ...(options.topicAliasMax > 0 && { topicAliasMaximum: options.topicAliasMax }),
    ...(!options.wildcardsAvailable && { wildcardSubscriptionAvailable: false }),
    ...(!options.subscriptionIdsAvailable && { subscriptionIdentifiersAvailable: false }),
    ...(!options.sharedAvailable && { sharedSubscriptionAvailable: false }),
    ...(terms.keepAliveSeconds !== request.keepAliveSeconds && { serverKeepAlive: terms.keepAliveSeconds }),
    ...(responds && { responseInformation: `${responsePrefix}${terms.clientId}` }),
  };
  return { cmd: "connack", reasonCode: REASON.SUCCESS, sessionPresent, properties };
}

/** The return code that says to MQTT 3.1 and 3.1.1 clients what a reason code says to others. [MQTT-3.2.2.3] */
export function returnCodeOf(reason: number): number {
  switch (reason) {
    case REASON.UNSUPPORTED_VERSION:
      return CONNACK.UNACCEPTABLE_VERSION;
    case REASON.CLIENT_ID_NOT_VALID:
      return CONNACK.IDENTIFIER_REJECTED;
    case REASON.BAD_CREDENTIALS:
      return CONNACK.BAD_CREDENTIALS;
    case REASON.NOT_AUTHORIZED:
      return CONNACK.NOT_AUTHORIZED;
    default:
      return CONNACK.SERVER_UNAVAILABLE;
  }
}

/** Adds to a CONNACK how the client proved who it is. [MQTT5-4.12.0-4] */
export function addProof(connack: IConnackPacket, method: string, lastWords: Uint8Array | undefined): void {
  connack.properties = {
    ...connack.properties,
    authenticationMethod: method,
    ...(lastWords && { authenticationData: Buffer.from(lastWords) }),
  };
}
