import { Address, BrokerError, type MessageFilter, type SubscribeRequest } from "@tsapollo/domain";
import type { AttachTerms } from "./codec/performatives.ts";
import { type FilterTerms, type SourceTerms, wrapSource } from "./codec/terminus.ts";
import { AmqpError } from "./conditions.ts";
import type { Replaceable } from "./containers.ts";
import { readFilters } from "./filters.ts";
import { makeNode, plainKind } from "./nodes.ts";
import type { OpenConnection } from "./open-connection.ts";

/** What a source comes to. */
export interface SourcePlan {
  readonly request: SubscribeRequest;
  /** The source as we say it. */
  readonly wrapped: unknown;
  /** The link has begun. */
  readonly begun: () => void;
  /** The link is over; `closed`: the client closed it for good. */
  readonly onOver: (closed: boolean) => void;
}

/** Ends a link of ours because of an error. */
export type EndLink = (error: AmqpError) => void;

const NEVER = "never";
const COPY = "copy";
const NOTHING = (): void => undefined;

/**
 * What a client that attaches a receiver wants. [AMQP 3.5.3, messaging 17.4]
 * @throws BrokerError, AmqpError why it cannot have it
 */
export function planSource(connection: OpenConnection, terms: AttachTerms, end: EndLink): SourcePlan {
  const { source } = terms;
  if (source === undefined) return planReattach(connection, terms.name);
  const { filter, applied } = readFilters(source, connection);
  const shape = { source, applied, filter };
  if (source.dynamic) return planDynamic(connection, shape);
  if (source.address === undefined || source.address === "") return planReattach(connection, terms.name);
  const { addresses: naming } = connection.shared;
  const found = naming.parseAll(source.address, plainKind(source.capabilities), connection.scope);
  const durable = naming.durable(subscriptionName(terms.name));
  if (found.every(({ kind }) => kind === "dsub")) return planDirect(found, shape);
  if (source.durable > 0 && source.expiryPolicy === NEVER) {
    return planDurable(connection, terms, { ...shape, topics: topicsOf(found), durable }, end);
  }
  if (source.capabilities.includes("shared") && found.every(({ kind }) => kind === "topic")) {
    return planShared(connection, terms.name, found, shape);
  }
  if (source.durable > 0 && connection.host.exists(durable)) {
    return planPassing(connection, { ...shape, topics: topicsOf(found), durable });
  }
  return planDirect(found, shape);
}

/** What all plans are made of. */
interface Shape {
  readonly source: SourceTerms;
  readonly applied: readonly FilterTerms[];
  readonly filter: MessageFilter | undefined;
}

interface DurableShape extends Shape {
  readonly topics: readonly Address[];
  readonly durable: Address;
}

function wrapped({ source, applied }: Shape, address: string | undefined = source.address): unknown {
  return wrapSource(source, { address, filters: applied });
}

/** Several links of one JMS subscription are told apart by what follows a bar. [JMS mapping] */
function subscriptionName(linkName: string): string {
  const bar = linkName.indexOf("|");
  return bar > 0 ? linkName.slice(0, bar) : linkName;
}

function topicsOf(addresses: readonly Address[]): readonly Address[] {
  for (const { kind } of addresses) {
    if (kind === "queue") {
      throw new BrokerError("BAD_ADDRESS", "A durable link can only be used on a topic destination");
    }
  }
  return addresses.filter(({ kind }) => kind === "topic");
}

function withFilter(request: SubscribeRequest, filter: MessageFilter | undefined): SubscribeRequest {
  return filter === undefined ? request : { ...request, filter };
}

/** Consumes, or with distribution mode `copy` looks at queues without taking. [AMQP 3.5.7, AM-006] */
function planDirect(addresses: readonly Address[], shape: Shape): SourcePlan {
  const browses = shape.source.distributionMode === COPY && addresses.every(({ kind }) => kind !== "topic");
  const request: SubscribeRequest = browses ? { addresses, browse: "forever" } : { addresses };
  const { filter } = shape;
  return { request: withFilter(request, filter), wrapped: wrapped(shape), begun: NOTHING, onOver: NOTHING };
}

function planDynamic(connection: OpenConnection, shape: Shape): SourcePlan {
  const node = makeNode(connection, shape.source);
  return {
    request: withFilter({ addresses: [node.address] }, shape.filter),
    wrapped: wrapped(shape, node.text),
    begun: NOTHING,
    onOver: node.onOver,
  };
}

/**
 * A link without a source means the durable subscription of its name; closing it for good ends that, too: so JMS
 * unsubscribes. [messaging 17.4, AM-005]
 */
function planReattach(connection: OpenConnection, linkName: string): SourcePlan {
  const { addresses: naming } = connection.shared;
  const durable = naming.durable(subscriptionName(linkName));
  if (!connection.host.exists(durable)) {
    throw new BrokerError("DESTINATION_MISSING", "Durable subscription does not exist");
  }
  const source: SourceTerms = {
    address: naming.format(durable),
    durable: 2,
    expiryPolicy: NEVER,
    timeoutS: 0,
    dynamic: false,
    lifetimePolicy: undefined,
    capabilities: ["topic"],
    distributionMode: COPY,
    filters: [],
    defaultOutcome: undefined,
    outcomes: [],
  };
  return {
    request: { addresses: [durable] },
    wrapped: wrapped({ source, applied: [], filter: undefined }),
    begun: NOTHING,
    onOver: (closed) => {
      if (closed) connection.host.destroy(durable);
    },
  };
}

/** A durable subscription, which stays whatever becomes of the link. Its name has one link at a time. */
function planDurable(
  connection: OpenConnection,
  terms: AttachTerms,
  shape: DurableShape,
  end: EndLink,
): SourcePlan {
  const { containers } = connection.shared;
  const { host, containerId } = connection;
  const isShared = shape.source.capabilities.includes("shared");
  const place: Replaceable = {
    stolen: () =>
      end(new AmqpError("link", "amqp:link:stolen", `The link '${terms.name}' was attached elsewhere`)),
  };
  const { topics, durable, filter } = shape;
  return {
    request: withFilter({ addresses: topics, durable }, filter),
    wrapped: wrapped(shape),
    begun: () => {
      if (!isShared) containers.take(host.id, containerId, terms.name, place);
    },
    onOver: () => containers.give(host.id, containerId, terms.name, place),
  };
}

/** A durable subscription is taken up again by a link whose end is to be its end. [messaging 17.4, REC] */
function planPassing(connection: OpenConnection, shape: DurableShape): SourcePlan {
  const { topics, durable, filter } = shape;
  return {
    request: withFilter({ addresses: topics, durable }, filter),
    wrapped: wrapped(shape),
    begun: NOTHING,
    onOver: (closed) => {
      if (closed) connection.host.destroy(durable);
    },
  };
}

/** Several links share what is published to topics as long as one of them is there. [JMS 2.0 shared consumers] */
function planShared(
  connection: OpenConnection,
  linkName: string,
  topics: readonly Address[],
  shape: Shape,
): SourcePlan {
  const { containers } = connection.shared;
  const { host, containerId } = connection;
  const scope = shape.source.capabilities.includes("global") ? "global" : `container ${containerId}`;
  const durable = new Address("dsub", ["amqp-shared", scope, subscriptionName(linkName)]);
  containers.share(host, durable);
  return {
    request: withFilter({ addresses: topics, durable }, shape.filter),
    wrapped: wrapped(shape),
    begun: NOTHING,
    onOver: () => containers.unshare(host, durable),
  };
}
