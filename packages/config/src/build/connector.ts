import type { ConnectorConfig, StompConfig, UserHeaderConfig } from "../connector-config.ts";
import { childOf, childrenOf, type LoadContext, MISSING_ELEMENT } from "../load-context.ts";
import { CONNECTOR, DETECT, SSL } from "../tables/connector.ts";
import { ADD_USER_HEADER, AMQP, MQTT, PROTOCOL_FILTER, STOMP, UDP } from "../tables/protocols.ts";
import type { XmlElement } from "../xml/element.ts";
import { principalKind } from "./authentication.ts";

/**
 * `<connector>`. The URI may stand as text, as it did long ago. [instance 7.8, 7.13]
 * @param number its place among the connectors, from 1; names one without an id
 */
export function buildConnector(element: XmlElement, number: number, context: LoadContext): ConnectorConfig {
  const { id: writtenId, bind: writtenBind, ...attributes } = context.read(element, CONNECTOR);
  const id = writtenId ?? `connector-${number}`;
  if (writtenId === undefined) context.warn(element.position, `<connector> has no id; it is called '${id}'`);
  const bind = writtenBind ?? bindFromText(element, context);
  const ssl = childOf(element, "ssl");
  const child = (name: string): XmlElement => childOf(element, name) ?? MISSING_ELEMENT;
  const mqtt = child("mqtt");
  const amqp = child("amqp");
  return {
    id,
    bind,
    ...attributes,
    detect: context.read(child("detect"), DETECT),
    ssl: ssl === undefined ? undefined : context.read(ssl, SSL),
    stomp: buildStomp(child("stomp"), context),
    mqtt: { ...context.read(mqtt, MQTT), protocolFilters: filtersOf(mqtt, context) },
    amqp: { ...context.read(amqp, AMQP), protocolFilters: filtersOf(amqp, context) },
    udp: context.read(child("udp"), UDP),
  };
}

function bindFromText(element: XmlElement, context: LoadContext): string {
  const { position, text } = element;
  if (text === "") {
    return context.fail(position, '<connector> has no bind; write bind="tcp://0.0.0.0:61613" or another URI');
  }
  context.warn(position, `the URI of <connector> stands as text; write bind="${text}"`);
  return text;
}

function buildStomp(element: XmlElement, context: LoadContext): StompConfig {
  const { addUserHeader, ...settings } = context.read(element, STOMP);
  const headers: UserHeaderConfig[] = [];
  if (addUserHeader !== undefined)
    headers.push({ name: addUserHeader, kind: undefined, separator: undefined });
  for (const header of childrenOf(element, "add_user_header")) {
    if (header.text === "") {
      context.fail(
        header.position,
        "<add_user_header> has no text; write the header's name between its tags",
      );
    }
    const { kind, separator } = context.read(header, ADD_USER_HEADER);
    headers.push({ name: header.text, kind: principalKind(kind), separator });
  }
  return { ...settings, addUserHeaders: headers, protocolFilters: filtersOf(element, context) };
}

function filtersOf(element: XmlElement, context: LoadContext): readonly string[] {
  return childrenOf(element, "protocol_filter").map((filter) => context.read(filter, PROTOCOL_FILTER).kind);
}
