import {
  type Admission,
  BrokerError,
  type Connection,
  type Producer,
  type Reception,
} from "@tsapollo/domain";
import type { MqttOptions } from "./options.ts";

/** Who wants to come in. */
export interface Visitor {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly connection: Connection;
  readonly producer: Producer;
}

/**
 * Lets a client in. MQTT cannot name a virtual host, so it is, in this order: the connector's `virtual_host`; what
 * is before the slash in the user name, if that names one; the server name asked for in TLS, if that names one; the
 * default host.
 * @throws BrokerError as `Reception.login`
 */
export async function enterHost(
  reception: Reception,
  { virtualHost, virtualHostInUser }: MqttOptions,
  visitor: Visitor,
): Promise<Admission> {
  const { user, connection } = visitor;
  if (virtualHost !== undefined) return reception.login({ ...visitor, hostName: virtualHost });
  const slash = virtualHostInUser && user !== undefined ? user.indexOf("/") : -1;
  if (slash > 0) {
    const inside = { ...visitor, user: user!.slice(slash + 1), hostName: user!.slice(0, slash) };
    const admission = await ifKnown(() => reception.login(inside));
    if (admission !== undefined) return admission;
  }
  const { serverName } = connection;
  if (serverName !== undefined) {
    const admission = await ifKnown(() => reception.login({ ...visitor, hostName: serverName }));
    if (admission !== undefined) return admission;
  }
  return reception.login({ ...visitor, hostName: undefined });
}

async function ifKnown(login: () => Promise<Admission>): Promise<Admission | undefined> {
  try {
    return await login();
  } catch (error) {
    if (error instanceof BrokerError && error.code === "HOST_UNKNOWN") return undefined;
    throw error;
  }
}
