import {
  ANY_DESCENDANT,
  type Consumer,
  type Delivery,
  type Message,
  type MessageFilter,
  regexChild,
} from "@tsapollo/domain";
import { bodyText } from "@tsapollo/testkit";
import { DEFAULT_QUEUE_SETTINGS, type HostSettings, type QueueSettings } from "../src/index.ts";
import { TestConsumer } from "./harness.ts";

/** Wants what a test on the body says, and counts how often it was asked. */
export class CountingFilter implements MessageFilter {
  readonly text: string;
  asked = 0;
  readonly #wants: (body: string) => boolean;

  constructor(text: string, wants: (body: string) => boolean) {
    this.text = text;
    this.#wants = wants;
  }

  matches(message: Message): boolean {
    this.asked += 1;
    return this.#wants(bodyText(message));
  }
}

/** Wants bodies that contain a text. */
export function containing(text: string): CountingFilter {
  return new CountingFilter(text, (body) => body.includes(text));
}

/** Host settings in which every queue has these settings. */
export function queues(changed: Partial<QueueSettings>): Partial<HostSettings> {
  return { queues: [{ filter: undefined, settings: { ...DEFAULT_QUEUE_SETTINGS, ...changed } }] };
}

/** Host settings for queues by the first part of their names. */
export function queuesOf(changed: Readonly<Record<string, Partial<QueueSettings>>>): Partial<HostSettings> {
  // by expression, so that they are not made at the start
  return {
    queues: Object.entries(changed).flatMap(([name, some]) => {
      const settings = { ...DEFAULT_QUEUE_SETTINGS, ...some };
      return [
        { filter: [regexChild(name)], settings },
        { filter: [name, ANY_DESCENDANT], settings },
      ];
    }),
  };
}

/** A consumer that acknowledges what it takes. */
export function automatic(credit: number = Number.POSITIVE_INFINITY): TestConsumer {
  const consumer = new TestConsumer();
  consumer.auto = true;
  consumer.credit = credit;
  return consumer;
}

/** A browser: what it was shown, and which of its destinations it has seen all of. */
export class TestBrowser extends TestConsumer {
  readonly ends: string[] = [];
  browsed(address: { readonly key: string }): void {
    this.ends.push(address.key);
  }
}

/** A consumer that does something within each offer. */
export function acting(act: (delivery: Delivery) => boolean): Consumer {
  return { offer: act, ended: () => undefined };
}
