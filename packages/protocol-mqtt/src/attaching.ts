import type { Clock, Connection, Logger, VirtualHost } from "@tsapollo/domain";
import type { Answers } from "./answers.ts";
import { Attachment } from "./attachment.ts";
import type { ConnectRequest } from "./connect-request.ts";
import type { Guardian } from "./guardian.ts";
import { KeepAlive } from "./keep-alive.ts";
import type { MqttParts } from "./parts.ts";
import type { ReadingGate } from "./reading-gate.ts";
import { Sending } from "./sending.ts";
import type { MqttSession, SessionOwner } from "./session.ts";
import { Subscribing } from "./subscribing.ts";
import type { Will } from "./will.ts";

/** What joins a connection to its session. */
export interface AttachParts {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly log: Logger;
  readonly gate: ReadingGate;
  readonly answers: Answers;
  readonly shared: MqttParts;
  readonly session: MqttSession;
  readonly host: VirtualHost;
  readonly request: ConnectRequest;
  readonly keepAliveSeconds: number;
  readonly owner: SessionOwner;
  readonly will: Will | undefined;
  readonly guardian: Guardian;
}

/** Joins an admitted connection to its session. */
export function attach(parts: AttachParts): Attachment {
  const { shared, session, host, request, log, will, owner, guardian } = parts;
  const { options, names, syntax } = shared;
  const { properties } = request;
  const sessions = shared.sessions.of(host.id);
  session.will = will;
  if (session.durable) sessions.save(session);
  const limits = {
    level: request.level,
    inflightMax: Math.min(options.maxInflightMessages, properties.receiveMaximum),
    sizeMax: properties.maximumPacketSize,
    aliasMax: Math.min(options.topicAliasSentMax, properties.topicAliasMaximum),
  };
  const { connection, answers, clock } = parts;
  const sending = new Sending({ connection, answers, session, sessions, names, clock, log, limits });
  const subscribing = new Subscribing({ host, session, sessions, sending, syntax, options, log, guardian });
  const keepAlive = new KeepAlive(clock, parts.gate, parts.keepAliveSeconds, guardian);
  return new Attachment({ session, sessions, sending, subscribing, keepAlive, host, owner, will });
}
