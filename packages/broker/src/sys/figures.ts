import type { HostCounters } from "@tsapollo/core";
import type { MqttCounters } from "@tsapollo/protocol-mqtt";
import type { Traffic } from "@tsapollo/transport";
import { LoadAverage } from "./load-average.ts";

/** What is the same for every virtual host, as of the last update. */
export interface ProcessFigures {
  readonly version: string;
  readonly uptimeS: number;
  readonly heapBytes: number;
  readonly heapMaxBytes: number;
  /** Connections to whom something waits to be sent, and bytes of it. */
  readonly waitingCount: number;
  readonly waitingBytes: number;
}

/** Where the figures of a virtual host are counted. */
export interface FigureSources {
  readonly host: HostCounters;
  readonly mqtt: MqttCounters;
  /** MQTT packets that came before somebody was let in. */
  readonly strangers: MqttCounters;
  /** Of all connections of the broker. */
  readonly traffic: Traffic;
  /** How many MQTT sessions there are. */
  clients(): number;
}

/** What is averaged, by its name in topics. */
export type Load =
  | "messages/received"
  | "messages/sent"
  | "publish/dropped"
  | "publish/received"
  | "publish/sent"
  | "bytes/received"
  | "bytes/sent"
  | "sockets"
  | "connections";

/** The figures of one virtual host: totals as they are when asked, averages and peaks as of the last update. */
export class HostFigures {
  readonly sources: FigureSources;
  clientsMax = 0;
  readonly #loads: Readonly<Record<Load, LoadAverage>> = {
    "messages/received": new LoadAverage(),
    "messages/sent": new LoadAverage(),
    "publish/dropped": new LoadAverage(),
    "publish/received": new LoadAverage(),
    "publish/sent": new LoadAverage(),
    "bytes/received": new LoadAverage(),
    "bytes/sent": new LoadAverage(),
    sockets: new LoadAverage(),
    connections: new LoadAverage(),
  };

  constructor(sources: FigureSources) {
    this.sources = sources;
  }

  /** Takes averages and peaks; so many seconds passed since the last time, 0 for the first. */
  update(elapsedS: number): void {
    const { mqtt, strangers, traffic } = this.sources;
    const loads = this.#loads;
    this.clientsMax = Math.max(this.clientsMax, this.sources.clients());
    loads["messages/received"].update(this.packetsReceived, elapsedS);
    loads["messages/sent"].update(this.packetsSent, elapsedS);
    loads["publish/dropped"].update(this.publishDropped, elapsedS);
    loads["publish/received"].update(mqtt.publishReceived, elapsedS);
    loads["publish/sent"].update(mqtt.publishSent, elapsedS);
    loads["bytes/received"].update(traffic.receivedBytes, elapsedS);
    loads["bytes/sent"].update(traffic.sentBytes, elapsedS);
    loads.sockets.update(traffic.sockets, elapsedS);
    loads.connections.update(strangers.connects, elapsedS);
  }

  /** Per minute, over the minutes at an index of `LOAD_MINUTES`. */
  load(what: Load, at: number): number {
    return this.#loads[what].perMinute[at]!;
  }

  /** MQTT packets of any type. */
  get packetsReceived(): number {
    return this.sources.mqtt.packetsReceived + this.sources.strangers.packetsReceived;
  }

  get packetsSent(): number {
    const { mqtt, strangers } = this.sources;
    return mqtt.answersSent + mqtt.publishSent + strangers.answersSent;
  }

  /** Messages that limits of queues or of clients did not let through. */
  get publishDropped(): number {
    return this.sources.mqtt.publishDropped + this.sources.host.droppedMessages;
  }

  /** Sessions without a connection. */
  get disconnected(): number {
    return this.sources.clients() - this.sources.mqtt.connected;
  }

  /** Messages that are held: retained, and in queues and durable subscriptions, each copy by itself. */
  get storedCount(): number {
    return this.sources.host.retainedMessages + this.sources.host.queuedMessages;
  }

  get storedBytes(): number {
    return this.sources.host.retainedBytes + this.sources.host.queuedBytes;
  }
}
