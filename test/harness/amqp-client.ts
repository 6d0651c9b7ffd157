import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import rhea, {
  type Connection,
  type ConnectionOptions,
  type Delivery,
  type EventContext,
  type Message,
  type Receiver,
  type ReceiverOptions,
  type Sender,
  type SenderOptions,
  type Session,
} from "rhea";
import type { Instance } from "./instance.ts";
import { openStream, type Way } from "./streams.ts";
import { Mailbox, within } from "./waiting.ts";

/** How a client begins. */
export interface AmqpHello {
  readonly way?: Way;
  /** Undefined: ANONYMOUS. */
  readonly user?: string;
  readonly password?: string;
  readonly containerId?: string;
  /** Virtual host. */
  readonly hostname?: string;
  readonly options?: Partial<ConnectionOptions>;
}

/** Ends that are errors, of everything there is. */
const ERRORS = ["connection_error", "session_error", "receiver_error", "sender_error"] as const;

/** What a receiver is opened with; the source needs no address. */
export type LooseReceiver = Omit<ReceiverOptions, "source"> & {
  readonly source?: string | Readonly<Record<string, unknown>>;
};

/** One delivery that a client got. */
export interface Got {
  readonly message: Message;
  readonly delivery: Delivery;
}

/** A client made of rhea, with promises for what it says by events. Nothing is settled or given credit by itself. */
export class AmqpClient {
  readonly connection: Connection;
  readonly errors: Mailbox<{ readonly condition: string; readonly description: string }> = new Mailbox();

  private constructor(connection: Connection) {
    this.connection = connection;
    for (const name of ERRORS) {
      connection.on(name, (context: EventContext) => {
        const end = { connection_error: context.connection, session_error: context.session }[name as string];
        const error = (end ?? context.receiver ?? context.sender)?.error;
        const { condition = "", description = "" } = (error ?? {}) as {
          condition?: string;
          description?: string;
        };
        this.errors.put({ condition, description });
      });
    }
    connection.on("disconnected", () => undefined);
  }

  /** Resolves when the broker has answered Open. */
  static async connect(broker: Instance, hello: AmqpHello = {}): Promise<AmqpClient> {
    const stream = await openStream(broker, hello.way ?? "tcp", "amqp");
    const client = AmqpClient.over(stream, hello);
    const opened = new Promise<void>((resolve, reject) => {
      client.connection.once("connection_open", () => resolve());
      for (const name of ["connection_error", "disconnected", "connection_close"]) {
        client.connection.once(name, (context: EventContext) =>
          reject(failureOf(context.connection.error ?? context.error ?? new Error(name))),
        );
      }
    });
    await within(opened, "Open");
    return client;
  }

  /** Speaks AMQP over a stream that is open. */
  static over(stream: Duplex, hello: AmqpHello): AmqpClient {
    const container = rhea.create_container(hello.containerId === undefined ? {} : { id: hello.containerId });
    const options = {
      ...(hello.user === undefined ? {} : { username: hello.user, password: hello.password ?? hello.user }),
      ...(hello.hostname === undefined ? {} : { hostname: hello.hostname }),
      host: "localhost",
      reconnect: false,
      connection_details: () => ({
        host: "localhost",
        port: 0,
        connect: (_port: number, _host: string, _options: unknown, done: () => void): Duplex => {
          setImmediate(done);
          return stream;
        },
      }),
      ...hello.options,
    } as unknown as ConnectionOptions;
    return new AmqpClient(container.connect(options));
  }

  /** One more session. */
  session(): Session {
    const session = this.connection.create_session();
    session.open();
    return session;
  }

  /** A link to the broker that is attached. */
  async sender(options: SenderOptions | string): Promise<Sender> {
    const sender = this.connection.open_sender(options);
    await within(opened(sender, "sender"), "the attach of a sender");
    return sender;
  }

  /** A link from the broker that is attached, and has this credit. */
  async receiver(options: LooseReceiver | string, credit = 100, session?: Session): Promise<Inbox> {
    const all = typeof options === "string" ? { source: options } : options;
    const base = { credit_window: 0, autoaccept: false, autosettle: true };
    const receiver = (session ?? this.connection).open_receiver({ ...base, ...all } as ReceiverOptions);
    const inbox = new Inbox(receiver);
    await within(opened(receiver, "receiver"), "the attach of a receiver");
    if (credit > 0) receiver.add_credit(credit);
    return inbox;
  }

  /** Sends a message; resolves with the name of its outcome. */
  async send(to: Sender | string, message: Message | string, tag?: string): Promise<string> {
    const sender = typeof to === "string" ? await this.sender(to) : to;
    const outcome = this.outcome(sender);
    sender.send(typeof message === "string" ? { body: message } : message, tag);
    const { name } = await outcome;
    if (typeof to === "string") await this.closeLink(sender);
    return name;
  }

  /** The next outcome on a link, with the error of a rejection. */
  outcome(sender: Sender): Promise<{ readonly name: string; readonly condition?: string }> {
    const settled = new Promise<{ name: string; condition?: string }>((resolve) => {
      for (const name of ["accepted", "rejected", "released", "modified"]) {
        sender.once(name, (context: EventContext) => {
          const state = context.delivery?.remote_state as { error?: { condition: string } } | undefined;
          resolve(state?.error === undefined ? { name } : { name, condition: state.error.condition });
        });
      }
    });
    return within(settled, "an outcome");
  }

  async closeLink(link: Sender | Receiver): Promise<void> {
    const name = link.is_sender() ? "sender_close" : "receiver_close";
    const closed = new Promise<void>((resolve) => link.once(name, () => resolve()));
    link.close();
    await within(closed, "the end of a link");
  }

  /** Ends the connection in order. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.connection.once("connection_close", () => resolve()));
    this.connection.close();
    await within(closed, "Close");
  }
}

/** What the broker says is wrong, as an error with its condition. */
function failureOf(error: unknown): Error {
  const { condition, description, message } = error as Record<string, string | undefined>;
  return Object.assign(new Error(description ?? message ?? String(error)), { condition });
}

function opened(link: Sender | Receiver, kind: "sender" | "receiver"): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (): void => reject(failureOf(link.error));
    link.once(`${kind}_error`, refused);
    // a refused link is attached first, without a terminus of the broker's
    link.once(`${kind}_open`, () =>
      setImmediate(() =>
        setImmediate(() => {
          link.removeListener(`${kind}_error`, refused);
          resolve();
        }),
      ),
    );
  });
}

/** What arrives on a link. */
export class Inbox {
  readonly receiver: Receiver;
  readonly #box: Mailbox<Got> = new Mailbox();

  constructor(receiver: Receiver) {
    this.receiver = receiver;
    receiver.on("message", ({ message, delivery }: EventContext) => {
      this.#box.put({ message: message!, delivery: delivery! });
    });
    receiver.connection.once("disconnected", () => this.#box.end(new Error("the connection ended")));
  }

  /** The source as the broker says it. */
  get source(): Readonly<Record<string, unknown>> {
    return (this.receiver as unknown as { remote: { attach: { source: Record<string, unknown> } } }).remote
      .attach.source;
  }

  /** What is left of the credit. */
  get credit(): number {
    return (this.receiver as unknown as { credit: number }).credit;
  }

  get waiting(): number {
    return this.#box.size;
  }

  next(what = "a message"): Promise<Got> {
    return this.#box.take(what);
  }

  /** The next message is this text; it is accepted. */
  async expect(body: string): Promise<Message> {
    const { message, delivery } = await this.next(`'${body}'`);
    assert.equal(bodyText(message), body);
    delivery.accept();
    return message;
  }

  /** Takes back all credit; resolves when everything that was underway has arrived. */
  async drained(): Promise<void> {
    const { receiver } = this;
    const done = new Promise<void>((resolve) => receiver.once("receiver_drained", () => resolve()));
    receiver.drain_credit();
    await within(done, "the end of the credit");
  }
}

/** The body as text, whatever sections it is in. */
export function bodyText(message: Message): string {
  return bodyBytes(message).toString();
}

/** The body as bytes: text in UTF-8. */
export function bodyBytes({ body }: Message): Buffer {
  if (typeof body === "string") return Buffer.from(body);
  if (Buffer.isBuffer(body)) return body;
  const content: unknown = (body as { content?: unknown } | null)?.content;
  if (Buffer.isBuffer(content)) return content;
  if (Array.isArray(content)) return Buffer.concat(content as Buffer[]);
  return Buffer.from(JSON.stringify(body ?? null));
}
