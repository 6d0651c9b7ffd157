import { readFile } from "node:fs/promises";
import { type MqttConfig, parseProperties } from "@tsapollo/config";
import { type AuthenticationMechanism, ScramSha256 } from "@tsapollo/protocol-mqtt";

/** How clients of MQTT 5.0 and AMQP may prove who they are without sending a password. */
export function mechanismsFor({
  scramUsersFile,
}: Pick<MqttConfig, "scramUsersFile">): readonly AuthenticationMechanism[] {
  if (scramUsersFile === undefined) return [];
  return [new ScramSha256((user) => passwordOf(scramUsersFile, user))];
}

/** The file is read each time, so that changes count at once. A file that cannot be read has no users. */
async function passwordOf(file: string, user: string): Promise<string | undefined> {
  try {
    return parseProperties(await readFile(file, "utf8")).get(user);
  } catch {
    return undefined;
  }
}
