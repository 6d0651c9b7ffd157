import { amqpConsumer, amqpProducer } from "./amqp-actors.ts";
import { mqttConsumer, mqttOnceProducer, mqttProducer, mqttRetained } from "./mqtt-actors.ts";
import { type Channel, stompConsumer, stompMover, stompPairs, stompProducer } from "./stomp-actors.ts";
import type { Actor, World } from "./world.ts";

/** Everybody who uses the broker: three protocols, queues, a durable subscription, sessions, transactions. */
export function crowd(world: World): readonly Actor[] {
  return [...plainQueues(world), ...transactions(world), ...topics(world), mqttRetained("retained/one")];
}

function queue(
  world: World,
  name: string,
): Channel & { readonly collection: ReturnType<World["collection"]> } {
  const collection = world.collection(`queue ${name}`);
  return { destination: `/queue/${name}`, collection, collections: [collection] };
}

function plainQueues(world: World): Actor[] {
  const one = queue(world, "one");
  const other = queue(world, "other");
  const third = queue(world, "third");
  return [
    stompProducer(world, "s1", one),
    stompProducer(world, "s2", one),
    stompConsumer(world, one.collection, one.destination, {
      mode: "client-individual",
      nacks: 0.1,
      absence: 0.2,
    }),
    stompProducer(world, "s3", other),
    amqpProducer(world, "a1", { ...other, destination: "queue://other" }),
    stompConsumer(world, other.collection, other.destination, { mode: "client", absence: 0.4 }),
    stompProducer(world, "s4", third),
    amqpConsumer(world, third.collection, "queue://third", 0.2),
  ];
}

function transactions(world: World): Actor[] {
  const [left, right] = [queue(world, "left"), queue(world, "right")];
  const [from, to] = [queue(world, "from"), queue(world, "to")];
  const individually = { mode: "client-individual", absence: 0.3 } as const;
  return [
    stompPairs(world, "pairs", left, right),
    stompConsumer(world, left.collection, left.destination, individually),
    stompConsumer(world, right.collection, right.destination, individually),
    stompProducer(world, "s5", from),
    stompMover(world, from, to),
    stompConsumer(world, to.collection, to.destination, individually),
  ];
}

function topics(world: World): Actor[] {
  const durable = world.collection("durable subscription");
  const once = world.collection("session with QoS 2");
  const atLeastOnce = world.collection("session with QoS 1");
  const collections = [durable, once, atLeastOnce];
  for (const one of collections) world.awaited.add(one);
  const topic = { destination: "news/today", collections };
  return [
    stompConsumer(world, durable, "/topic/news.today", {
      mode: "client-individual",
      headers: { id: "keeper", persistent: "true" },
      absence: 0.3,
    }),
    mqttConsumer(world, once, "news/today", 2, 0.2),
    mqttConsumer(world, atLeastOnce, "news/#", 1, 0.2),
    afterTheFirstMoment(mqttProducer(world, "m1", topic)),
    afterTheFirstMoment(mqttOnceProducer(world, "m2", topic)),
  ];
}

/** In the first life those who collect must be there before somebody publishes. */
function afterTheFirstMoment(actor: Actor): Actor {
  return async (life) => {
    if (life.number > 1) await actor(life);
  };
}
