import { randomUUID } from "node:crypto";
import type { Instance } from "./instance.ts";
import { MqttWire } from "./mqtt-wire.ts";
import { StompWire } from "./stomp-wire.ts";
import { pause } from "./waiting.ts";

/** A message there and back over fresh connections of both protocols. The broker needs no login. */
export async function roundTrip(broker: Instance): Promise<void> {
  const name = randomUUID();
  const stomp = await StompWire.connect(broker);
  await stomp.subscribe("0", `/topic/health.${name}`);
  const mqtt = await MqttWire.connect(broker);
  await mqtt.subscribe(`answers/${name}`, 1);
  await mqtt.publish(`health/${name}`, "from MQTT", 0);
  await stomp.message("from MQTT");
  stomp.asyncSend(`/topic/answers.${name}`, "from STOMP");
  await mqtt.expectMessage(`answers/${name}`, "from STOMP");
  await stomp.disconnect();
  await mqtt.disconnect();
}

/**
 * Does something hostile while another client goes on with its work.
 * @throws when the other client cannot, or the broker takes more memory than this
 */
export async function whileOthersWork(
  broker: Instance,
  residentMaxMiB: number,
  hostile: () => Promise<void>,
): Promise<void> {
  let running = true;
  let most = 0;
  const others = (async () => {
    while (running) {
      await roundTrip(broker);
      most = Math.max(most, broker.residentMiB);
      await pause(50);
    }
  })();
  try {
    await Promise.race([hostile(), others.then(() => new Promise<never>(() => undefined))]);
  } finally {
    running = false;
  }
  await others;
  if (most > residentMaxMiB)
    throw new Error(`the broker took ${Math.ceil(most)} MiB, more than ${residentMaxMiB}`);
  await roundTrip(broker);
}
