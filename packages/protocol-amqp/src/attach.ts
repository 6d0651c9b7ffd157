import { type Address, BrokerError, Message, type VirtualHost } from "@tsapollo/domain";
import type { AttachTerms } from "./codec/performatives.ts";
import { type TargetTerms, wrapCoordinator, wrapSource, wrapTarget } from "./codec/terminus.ts";
import type { AttachReply } from "./codec/write-performatives.ts";
import { AmqpError, asAmqpError } from "./conditions.ts";
import { IncomingLink, type Target } from "./incoming-link.ts";
import { makeNode, plainKind } from "./nodes.ts";
import type { OpenConnection } from "./open-connection.ts";
import { OutgoingLink } from "./outgoing-link.ts";
import { hasPattern } from "./patterns.ts";
import type { Session } from "./session.ts";
import { planSource, type SourcePlan } from "./source-plan.ts";

const SETTLED = 1;
const SECOND = 1;
const REJECTED = "amqp:rejected:list";

/** Attach: the peer wants a link. [AMQP 2.6.3] @throws AmqpError what costs the session */
export function attach(session: Session, terms: AttachTerms): void {
  const { connection } = session;
  const before = connection.linkNamed(terms.name, terms.peerReceives);
  if (before !== undefined) {
    const text = `The link '${terms.name}' was attached again`;
    before.session.detach(before, new AmqpError("link", "amqp:link:stolen", text)); // [AMQP 2.6.1]
  }
  const handle = session.takeHandle(terms.handle);
  try {
    const { linksMax } = connection.options;
    if (connection.linkCount >= linksMax) {
      const text = `Too many links: a connection may have ${linksMax}`;
      throw new AmqpError("link", "amqp:resource-limit-exceeded", text);
    }
    if (terms.peerReceives) attachReceiver(session, terms, handle);
    else attachSender(session, terms, handle);
  } catch (error) {
    if (!(error instanceof BrokerError) && !(error instanceof AmqpError && error.scope === "link"))
      throw error;
    const failure = asAmqpError("link", error);
    connection.logRefusal(failure);
    session.refuse(refusal(terms, handle), terms.handle, failure);
  }
}

/** A link that is refused has no terminus of ours. [AMQP 2.6.3] */
function refusal(terms: AttachTerms, handle: number): AttachReply {
  const { source, target } = terms;
  const isSender = !terms.peerReceives;
  const wrapped =
    target === undefined || target === "coordinator" ? undefined : wrapTarget(target, target.address);
  return {
    ...replyTo(terms, handle),
    source:
      isSender && source !== undefined
        ? wrapSource(source, { address: source.address, filters: [] })
        : undefined,
    target: isSender ? undefined : wrapped,
  };
}

function replyTo(terms: AttachTerms, handle: number): AttachReply {
  return {
    name: terms.name,
    handle,
    weReceive: !terms.peerReceives,
    sndSettleMode: Math.min(2, terms.sndSettleMode),
    rcvSettleMode: terms.rcvSettleMode === SECOND ? SECOND : 0,
    source: undefined,
    target: undefined,
    initialDeliveryCount: terms.peerReceives ? 0 : undefined,
    maxMessageSize: undefined,
    offered: [],
  };
}

function attachSender(session: Session, terms: AttachTerms, handle: number): void {
  const { connection } = session;
  const { source } = terms;
  const found = findTarget(connection, terms.target);
  const link = new IncomingLink({
    session,
    name: terms.name,
    handle,
    remoteHandle: terms.handle,
    target: found.target,
    second: terms.rcvSettleMode === SECOND,
    initialDeliveryCount: terms.initialDeliveryCount,
    cannotReject: source !== undefined && source.outcomes.length > 0 && !source.outcomes.includes(REJECTED),
    onOver: found.onOver,
  });
  session.add(link);
  session.writeAttach({
    ...replyTo(terms, handle),
    source: source === undefined ? undefined : wrapSource(source, { address: source.address, filters: [] }),
    target: found.wrapped,
    maxMessageSize: connection.options.maxMessageSizeBytes,
  });
  link.giveCredit();
}

interface FoundTarget {
  readonly target: Target;
  readonly wrapped: unknown;
  readonly onOver: (closed: boolean) => void;
}

function findTarget(connection: OpenConnection, terms: AttachTerms["target"]): FoundTarget {
  const onOver = (): void => undefined;
  if (terms === "coordinator") return { target: { kind: "coordinator" }, wrapped: wrapCoordinator(), onOver };
  if (terms === undefined)
    throw new AmqpError("link", "amqp:invalid-field", "An attach of a sender has no target");
  if (terms.dynamic) {
    const node = makeNode(connection, terms);
    refuseUnlessAllowed(connection.host, [node.address], connection);
    const wrapped = wrapTarget(terms, node.text);
    return { target: { kind: "addresses", addresses: [node.address] }, wrapped, onOver: node.onOver };
  }
  if (terms.address === undefined || terms.address === "") {
    return { target: { kind: "anonymous" }, wrapped: wrapTarget(terms, terms.address), onOver };
  }
  const addresses = targetAddresses(connection, terms, terms.address);
  return { target: { kind: "addresses", addresses }, wrapped: wrapTarget(terms, terms.address), onOver };
}

function targetAddresses(connection: OpenConnection, terms: TargetTerms, text: string): readonly Address[] {
  const { addresses } = connection.shared;
  const found = addresses.parseAll(text, plainKind(terms.capabilities), connection.scope);
  refuseUnlessAllowed(connection.host, found, connection);
  return found;
}

/** Destinations are made, and rights looked at, when a link begins and not with its first message. */
function refuseUnlessAllowed(
  host: VirtualHost,
  addresses: readonly Address[],
  connection: OpenConnection,
): void {
  const isPattern = hasPattern(addresses, connection.options.wildcardSendMax);
  const trial = host.begin();
  const message = new Message({
    codec: connection.shared.codec,
    bytes: new Uint8Array(0),
    start: 0,
    bodyStart: 0,
    bodyEnd: 0,
    end: 0,
    borrowed: false,
    persistent: false,
    retain: "none",
    expiresAtMs: 0,
    priority: 4,
    groupKey: undefined,
  });
  const { wildcardSendMax } = connection.options;
  if (isPattern) trial.publishToMatching(addresses, message, wildcardSendMax);
  else for (const address of addresses) trial.publish(address, message);
  const { refusal: refused } = trial;
  trial.abort();
  if (refused !== undefined && refused.code !== "TRANSACTION_LIMIT") throw refused;
}

function attachReceiver(session: Session, terms: AttachTerms, handle: number): void {
  const { connection } = session;
  const plan = planSource(connection, terms, (error) => session.detach(link, error));
  const link: OutgoingLink = new OutgoingLink({
    session,
    name: terms.name,
    handle,
    remoteHandle: terms.handle,
    presettled: terms.sndSettleMode === SETTLED,
    defaultOutcome: terms.source?.defaultOutcome ?? "accepted",
    browses: plan.request.browse !== undefined,
    topicsOnly: isOfTopics(plan),
    onOver: plan.onOver,
  });
  try {
    link.subscribe(connection.host, plan.request);
  } catch (error) {
    plan.onOver(false);
    throw error;
  }
  plan.begun();
  session.add(link);
  const { target } = terms;
  session.writeAttach({
    ...replyTo(terms, handle),
    source: plan.wrapped,
    target: target === undefined || target === "coordinator" ? undefined : wrapTarget(target, target.address),
  });
}

function isOfTopics({ request }: SourcePlan): boolean {
  return request.durable === undefined && request.addresses.every(({ kind }) => kind === "topic");
}
