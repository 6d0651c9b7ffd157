import { Address, BrokerError, type DestinationKind, NEUTRAL_SYNTAX, parsePath } from "@tsapollo/domain";
import { attributeOf, childOf, type LoadContext, MISSING_ELEMENT, textsOf } from "../load-context.ts";
import { DSUB, QUEUE, QUEUE_SETTINGS, TOPIC } from "../tables/destinations.ts";
import type { DsubConfig, QueueConfig, QueueSettings, TopicConfig } from "../virtual-host-config.ts";
import type { XmlElement } from "../xml/element.ts";

/** `<queue>`; undefined when its id is no name. [instance 7.4] */
export function buildQueue(element: XmlElement, context: LoadContext): QueueConfig | undefined {
  const own = context.read(element, QUEUE);
  const settings = buildSettings(element, own.id, context);
  const address = addressOf(element, "queue", own.id, context);
  if (address === INVALID) return undefined;
  const kept = own.mirrored || isName(address);
  return { address, autoDeleteAfterS: kept ? 0 : own.autoDeleteAfterS, mirrored: own.mirrored, ...settings };
}

/** `<topic>`; undefined when its id is no name. [instance 7.5] */
export function buildTopic(element: XmlElement, context: LoadContext): TopicConfig | undefined {
  const own = context.read(element, TOPIC);
  const subscription = buildSettings(childOf(element, "subscription") ?? MISSING_ELEMENT, own.id, context);
  const address = addressOf(element, "topic", own.id, context);
  if (address === INVALID) return undefined;
  return {
    address,
    autoDeleteAfterS: isName(address) ? 0 : own.autoDeleteAfterS,
    slowConsumerPolicy: own.slowConsumerPolicy,
    subscription,
  };
}

/** `<dsub>`; undefined when its id is no name. [instance 7.5] */
export function buildDsub(element: XmlElement, context: LoadContext): DsubConfig | undefined {
  const { id } = context.read(element, QUEUE);
  const own = context.read(element, DSUB);
  const settings = buildSettings(element, id, context);
  const address = addressOf(element, "dsub", id, context);
  if (address === INVALID) return undefined;
  const names = [...(own.topic === undefined ? [] : [own.topic]), ...textsOf(element, "topic")];
  return {
    address,
    idRegex: address === undefined ? own.idRegex : undefined,
    topics: names
      .map((name) => addressOf(element, "topic", name, context))
      .filter((topic): topic is Address => topic instanceof Address),
    selector: own.selector,
    ...settings,
  };
}

function buildSettings(element: XmlElement, id: string | undefined, context: LoadContext): QueueSettings {
  const written = context.read(element, QUEUE_SETTINGS);
  const fullPolicy = fullPolicyOf(element, written.fullPolicy, id, context);
  return { ...written, fullPolicy, nakLimit: Math.max(written.nakLimit, 0) };
}

function fullPolicyOf(
  element: XmlElement,
  text: string | undefined,
  id: string | undefined,
  context: LoadContext,
): QueueSettings["fullPolicy"] {
  const word = text?.trim().toLowerCase() ?? "block";
  if (word === "block" || word === "drop tail" || word === "drop head") return word;
  const position = attributeOf(element, "full_policy")?.position ?? element.position;
  const expected = "one of block, drop tail, drop head; it blocks now";
  context.warn(position, `Invalid 'full_policy' configured for queue '${id ?? "*"}': '${text}'; ${expected}`);
  return "block";
}

const INVALID = "invalid";

function addressOf(
  element: XmlElement,
  kind: DestinationKind,
  id: string | undefined,
  context: LoadContext,
): Address | undefined | typeof INVALID {
  if (id === undefined) return undefined;
  try {
    return new Address(kind, parsePath(id, NEUTRAL_SYNTAX));
  } catch (cause) {
    if (!(cause instanceof BrokerError)) throw cause;
    const position = attributeOf(element, "id")?.position ?? element.position;
    context.warn(position, `Invalid destination id '${id}', it is ignored: ${cause.message}`);
    return INVALID;
  }
}

function isName(address: Address | undefined): boolean {
  return address !== undefined && !address.isPattern;
}
