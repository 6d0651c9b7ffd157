/**
 * What MQTT clients of one virtual host did since the broker started, and what there is now: plain numbers, counted
 * where it happens. Packets that come before a client was let in are counted apart, for all hosts together.
 */
export class MqttCounters {
  /** Packets of any type. */
  packetsReceived = 0;
  /** CONNECT packets. */
  connects = 0;
  /** PUBLISH packets, and bytes of their payloads. */
  publishReceived = 0;
  publishReceivedBytes = 0;
  publishSent = 0;
  publishSentBytes = 0;
  /** Packets of any other type that were sent. */
  answersSent = 0;
  /** Messages that a client could not take: too large for it, expired, or no filter covers them any more. */
  publishDropped = 0;
  /** Sessions with a connection. */
  connected = 0;
  /** Lasting sessions that ended because their time was over. */
  expired = 0;
  /** Filters of all sessions, shared ones apart. */
  subscriptions = 0;
  sharedSubscriptions = 0;
}
