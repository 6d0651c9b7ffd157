import type { ConnectorConfig } from "@tsapollo/config";
import type { HostEngine } from "@tsapollo/core";
import { BrokerError, type DatagramReceiver, type ProtocolServices } from "@tsapollo/domain";
import { StompDatagrams } from "@tsapollo/protocol-stomp";
import { DatagramConnector, parseDatagramBind, RawDatagrams, rawAddresses } from "@tsapollo/transport";
import { stompOptions } from "./adapters.ts";

/** Whether a connector receives datagrams instead of connections. */
export function isForDatagrams({ bind }: ConnectorConfig): boolean {
  return /^\s*udp:/i.test(bind);
}

/** What a connector for datagrams needs of the broker. */
export interface DatagramSurroundings {
  readonly services: ProtocolServices;
  /** Where raw datagrams go: whoever sends them says nothing about it. Undefined when there is no host at all. */
  readonly defaultHost: HostEngine | undefined;
  readonly warn: (sentence: string) => void;
}

/**
 * The connector of a configured `udp://` endpoint.
 * @throws BrokerError BAD_CONFIGURATION
 */
export function datagramConnector(
  config: ConnectorConfig,
  { services, defaultHost, warn }: DatagramSurroundings,
): DatagramConnector {
  const bind = parseDatagramBind(config.bind, warn);
  return new DatagramConnector(bind, receiverFor(config, services, defaultHost), services.logger);
}

function receiverFor(
  config: ConnectorConfig,
  services: ProtocolServices,
  defaultHost: HostEngine | undefined,
): DatagramReceiver {
  switch (config.protocol) {
    case "udp":
      if (defaultHost === undefined) {
        throw new BrokerError("BAD_CONFIGURATION", `Connector '${config.id}': there is no virtual host`);
      }
      return new RawDatagrams({
        addresses: addressesOf(config),
        backlogBytesMax: config.udp.bufferSizeBytes,
        admit: (producer) => defaultHost.admit(undefined, config.id, producer).host,
      });
    case "stomp-udp":
      return new StompDatagrams({
        options: stompOptions(config.stomp),
        services,
        connectorId: config.id,
        backlogBytesMax: config.stomp.bufferSizeBytes,
      });
    default: {
      const text = `Connector '${config.id}': protocol named '${config.protocol}' does not exist over udp; write udp or stomp-udp`;
      throw new BrokerError("BAD_CONFIGURATION", text);
    }
  }
}

function addressesOf({ id, udp }: ConnectorConfig): ReturnType<typeof rawAddresses> {
  try {
    return rawAddresses(udp.topic);
  } catch (cause) {
    const text = `Connector '${id}': the topic '${udp.topic}' of <udp> is no name: ${(cause as Error).message}`;
    throw new BrokerError("BAD_CONFIGURATION", text, { cause });
  }
}
