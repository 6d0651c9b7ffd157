import type { HostFigures, Load, ProcessFigures } from "./figures.ts";
import { LOAD_MINUTES } from "./load-average.ts";

/** One topic of the tree and what it says now. */
export interface SysTopic {
  /** Without the levels that all of them have in front. */
  readonly name: string;
  say(figures: HostFigures, machine: ProcessFigures): string;
}

type Read = (figures: HostFigures, machine: ProcessFigures) => number;

const LOADS: readonly Load[] = [
  "messages/received",
  "messages/sent",
  "publish/dropped",
  "publish/received",
  "publish/sent",
  "bytes/received",
  "bytes/sent",
  "sockets",
  "connections",
];

/** Whole numbers, by name. What the tree itself changes comes last. [management E2] */
const NUMBERS: Readonly<Record<string, Read>> = {
  "clients/total": ({ sources }) => sources.clients(),
  "clients/inactive": ({ disconnected }) => disconnected,
  "clients/disconnected": ({ disconnected }) => disconnected,
  "clients/active": ({ sources }) => sources.mqtt.connected,
  "clients/connected": ({ sources }) => sources.mqtt.connected,
  "clients/maximum": ({ clientsMax }) => clientsMax,
  "clients/expired": ({ sources }) => sources.mqtt.expired,
  "connections/socket/count": ({ sources }) => sources.traffic.sockets,
  "messages/received": ({ packetsReceived }) => packetsReceived,
  "messages/sent": ({ packetsSent }) => packetsSent,
  "publish/messages/dropped": ({ publishDropped }) => publishDropped,
  "publish/messages/received": ({ sources }) => sources.mqtt.publishReceived,
  "publish/messages/sent": ({ sources }) => sources.mqtt.publishSent,
  "publish/bytes/received": ({ sources }) => sources.mqtt.publishReceivedBytes,
  "publish/bytes/sent": ({ sources }) => sources.mqtt.publishSentBytes,
  "bytes/received": ({ sources }) => sources.traffic.receivedBytes,
  "bytes/sent": ({ sources }) => sources.traffic.sentBytes,
  "packet/out/count": (_, { waitingCount }) => waitingCount,
  "packet/out/bytes": (_, { waitingBytes }) => waitingBytes,
  "subscriptions/count": ({ sources }) => sources.mqtt.subscriptions,
  "shared_subscriptions/count": ({ sources }) => sources.mqtt.sharedSubscriptions,
  "heap/current": (_, { heapBytes }) => heapBytes,
  "heap/maximum": (_, { heapMaxBytes }) => heapMaxBytes,
  "retained messages/count": ({ sources }) => sources.host.retainedMessages,
  "messages/stored": ({ storedCount }) => storedCount,
  "store/messages/count": ({ storedCount }) => storedCount,
  "store/messages/bytes": ({ storedBytes }) => storedBytes,
};

/** Every topic below `$SYS/broker/`, in the order in which they are published. [management E2] */
export const SYS_TOPICS: readonly SysTopic[] = [
  { name: "version", say: (_, { version }) => `tsapollo version ${version}` },
  { name: "uptime", say: (_, { uptimeS }) => `${uptimeS} seconds` },
  ...LOADS.flatMap((load) =>
    LOAD_MINUTES.map((minutes, at) => ({
      name: `load/${load}/${minutes}min`,
      say: (figures: HostFigures) => figures.load(load, at).toFixed(2),
    })),
  ),
  ...Object.entries(NUMBERS).map(([name, read]) => ({
    name,
    say: (figures: HostFigures, machine: ProcessFigures) => String(read(figures, machine)),
  })),
];
