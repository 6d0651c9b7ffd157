/** A configured endpoint. [instance 7.8] */
export interface ConnectorConfig {
  readonly id: string;
  readonly enabled: boolean;
  /** Where it listens: `tcp://0.0.0.0:61613?backlog=50`. [instance 10.1] */
  readonly bind: string;
  /** Most connections at once; undefined: any number. [instance 10.6] */
  readonly connectionLimit: number | undefined;
  /** Protocol id; `any` detects. */
  readonly protocol: string;
  /** High-water mark of unsent output per connection; undefined: what the bind URI says. */
  readonly writeBufferBytes: number | undefined;
  readonly detect: DetectConfig;
  readonly ssl: SslConfig | undefined;
  readonly stomp: StompConfig;
  readonly mqtt: MqttConfig;
  readonly amqp: AmqpConfig;
  readonly udp: UdpConfig;
}

/** How protocols are recognised. [instance 11.1] */
export interface DetectConfig {
  readonly timeoutMs: number;
  /** Candidates; undefined: all. */
  readonly protocols: readonly string[] | undefined;
}

/** TLS of one connector. [instance 7.8, quirk 2 mended] */
export interface SslConfig {
  /** Undefined: what the bind URI says. */
  readonly clientAuth: "want" | "need" | "none" | undefined;
  /** `TLSv1.2` and so on; undefined: what the bind URI says. */
  readonly version: string | undefined;
}

/** How a protocol spells destinations, in the words of the configuration. */
export interface NamingConfig {
  readonly queuePrefix: string;
  readonly topicPrefix: string;
  readonly tempQueuePrefix: string;
  readonly tempTopicPrefix: string;
  readonly destinationSeparator: string;
  readonly pathSeparator: string;
  readonly anyChildWildcard: string;
  readonly anyDescendantWildcard: string;
  /** Undefined: no regular expressions. */
  readonly regexWildcardStart: string | undefined;
  readonly regexWildcardEnd: string | undefined;
}

/** Settings of STOMP. [instance 8.1] */
export interface StompConfig extends NamingConfig {
  readonly addUserHeaders: readonly UserHeaderConfig[];
  readonly addTimestampHeader: string | undefined;
  readonly addRedeliveriesHeader: string | undefined;
  readonly maxHeaderLengthBytes: number;
  /** Undefined: no limit. */
  readonly maxHeaders: number | undefined;
  /** Undefined: no limit. */
  readonly maxDataLengthBytes: number | undefined;
  readonly dieDelayMs: number;
  readonly bufferSizeBytes: number;
  /** How long a connection may take to say CONNECT. */
  readonly connectTimeoutMs: number;
  /** Subscriptions of one connection. */
  readonly subscriptionsMax: number;
  /** Header bytes of their SUBSCRIBE frames together. */
  readonly subscriptionsLengthMax: number;
  /** What unacknowledged deliveries of one connection take besides their messages. */
  readonly unacknowledgedBytesMax: number;
  /** Open transactions of one connection. */
  readonly transactionsMax: number;
  /** What they keep besides their messages. */
  readonly transactedBytesMax: number;
  /** Receipts of one connection that wait. */
  readonly receiptsMax: number;
  /** Destinations that one SEND may reach by wildcards; 0: wildcards are for SUBSCRIBE. */
  readonly wildcardSendMax: number;
  /** Modules that must see every frame; a connector that cannot load one must not start. [instance 21.3] */
  readonly protocolFilters: readonly string[];
}

/** A header on received messages that names the sender. [instance 8.1] */
export interface UserHeaderConfig {
  readonly name: string;
  /** Kind of the principals; `*`: any. Undefined: the user's name. */
  readonly kind: string | undefined;
  /** Joins all principals; undefined: the first one only. */
  readonly separator: string | undefined;
}

/** Settings of MQTT; lengths in bytes unless they say otherwise. [instance 8.2] */
export interface MqttConfig {
  /** Of a PUBLISH. */
  readonly maxMessageLength: number;
  /** Of any other packet. */
  readonly maxControlLength: number;
  /** Undefined: no names address queues. */
  readonly queuePrefix: string | undefined;
  readonly pathSeparator: string;
  readonly anyChildWildcard: string;
  readonly anyDescendantWildcard: string;
  /** Undefined: no regular expressions. */
  readonly regexWildcardStart: string | undefined;
  readonly regexWildcardEnd: string | undefined;
  /** What a level must match entirely; undefined: any text. */
  readonly partPattern: RegExp | undefined;
  readonly dieDelayMs: number;
  /** Unacknowledged QoS 1 and 2 messages on their way to one client. */
  readonly maxInflightMessages: number;
  /** Subscriptions of one client. */
  readonly maxSubscriptions: number;
  /** Characters of all topic filters of one client together. */
  readonly maxSubscriptionsLength: number;
  /** Topic filters in one SUBSCRIBE or UNSUBSCRIBE. */
  readonly maxFiltersPerPacket: number;
  /** How long a connection may take to say CONNECT. */
  readonly connectTimeoutMs: number;
  /** Longest client id, in characters. */
  readonly maxClientIdLength: number;
  /** Most levels in a topic name or filter. */
  readonly maxTopicLevels: number;
  /** Longest topic name or filter, in bytes. */
  readonly maxTopicLength: number;
  readonly maxQos: number;
  readonly retainAvailable: boolean;
  readonly wildcardsAvailable: boolean;
  readonly sharedAvailable: boolean;
  readonly subscriptionIdsAvailable: boolean;
  /** Unacknowledged QoS 1 and 2 messages on their way from one client. */
  readonly receiveMax: number;
  /** Topic aliases of clients, and the broker's own. */
  readonly topicAliasMax: number;
  readonly topicAliasSentMax: number;
  readonly sessionExpiryMaxSeconds: number;
  /** 0: any. */
  readonly keepAliveMaxSeconds: number;
  /** Undefined: chosen by user name and TLS server name. */
  readonly virtualHost: string | undefined;
  readonly virtualHostInUser: boolean;
  /** Undefined: clients are let in. */
  readonly redirectTo: string | undefined;
  readonly redirectForGood: boolean;
  /** Messages that wait for one session; undefined: as configured for durable subscriptions. */
  readonly maxQueuedMessages: number | undefined;
  readonly queuedMessagesPolicy: "drop head" | "drop tail" | "block";
  /** Undefined: clients are not told of response topics. */
  readonly responsePrefix: string | undefined;
  /** Path of a properties file with users' passwords; undefined: no SCRAM-SHA-256. */
  readonly scramUsersFile: string | undefined;
  /** Most sessions, connected or not, per virtual host. */
  readonly sessionsMax: number;
  /** See {@link StompConfig}. */
  readonly protocolFilters: readonly string[];
}

/** Settings of AMQP. [instance 8.3] */
export interface AmqpConfig extends NamingConfig {
  readonly trace: boolean;
  readonly maxFrameSizeBytes: number;
  readonly dieDelayMs: number;
  readonly bufferSizeBytes: number;
  /** What names without a prefix are. */
  readonly plainNames: "queue" | "topic" | "none";
  readonly maxMessageSizeBytes: number;
  /** Of all messages of a connection of which not all frames are there. */
  readonly maxUnfinishedBytes: number;
  /** Highest channel number. */
  readonly channelMax: number;
  /** Highest handle number. */
  readonly handleMax: number;
  /** Links of a connection. */
  readonly linksMax: number;
  /** Messages on their way to the broker on one link. */
  readonly linkCredit: number;
  /** Unsettled deliveries on one session. */
  readonly unsettledMax: number;
  /** Open transactions of a connection. */
  readonly transactionsMax: number;
  /** Acknowledgements in the open transactions of a connection. */
  readonly transactedMax: number;
  /** Path of a properties file with users' passwords; undefined: no SCRAM-SHA-256. */
  readonly scramUsersFile: string | undefined;
  /** How long a client may be silent; 0: any time. */
  readonly idleTimeoutMs: number;
  /** How long a connection may take to say Open. */
  readonly connectTimeoutMs: number;
  /** Destinations that one message may reach by wildcards; 0: none. */
  readonly wildcardSendMax: number;
  /** See {@link StompConfig}. */
  readonly protocolFilters: readonly string[];
}

/** Settings of datagrams. [instance 8.5] */
export interface UdpConfig {
  /** Topic, or several separated by commas. */
  readonly topic: string;
  readonly bufferSizeBytes: number;
}
