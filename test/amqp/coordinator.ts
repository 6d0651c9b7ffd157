import rhea, { type EventContext, type Sender } from "rhea";
import type { AmqpClient } from "../harness/amqp-client.ts";
import { within } from "../harness/waiting.ts";

const { types } = rhea as unknown as {
  types: Record<string, (...values: unknown[]) => { value: unknown }>;
};

/** Declares and discharges over a coordinator's link; rhea itself knows nothing of transactions. */
export class Coordinator {
  readonly #link: Sender;

  private constructor(link: Sender) {
    this.#link = link;
  }

  static async open(client: AmqpClient): Promise<Coordinator> {
    const coordinator = types["wrap_described"]!([types["wrap_symbol"]!("amqp:local-transactions")], 0x30);
    const link = client.connection.open_sender({ name: `tx-${Math.random()}` });
    (link as unknown as { local: { attach: { value: unknown[] } } }).local.attach.value[6] = coordinator;
    await within(new Promise((resolve) => link.once("sender_open", resolve)), "the coordinator");
    return new Coordinator(link);
  }

  async #demand(described: readonly number[]): Promise<{ name: string; state: Record<string, unknown> }> {
    const told = new Promise<{ name: string; state: Record<string, unknown> }>((resolve) => {
      for (const name of ["accepted", "rejected", "settled"]) {
        this.#link.once(name, (context: EventContext) =>
          resolve({ name, state: context.delivery!.remote_state as unknown as Record<string, unknown> }),
        );
      }
    });
    // a value in a value section: rhea keeps one descriptor only
    this.#link.send(
      Buffer.from([0x00, 0x53, 0x77, 0x00, 0x53, ...described]) as never,
      undefined as never,
      0,
    );
    return within(told, "the coordinator's answer");
  }

  async declare(): Promise<unknown> {
    const { state } = await this.#demand([0x31, 0x45]);
    const [id] = (state as unknown as { value: { value: unknown }[] }).value;
    return id!.value;
  }

  async discharge(id: unknown, fails: boolean): Promise<string> {
    const bytes = id as Buffer;
    const fields = [0xa0, bytes.length, ...bytes, fails ? 0x41 : 0x42];
    return (await this.#demand([0x32, 0xc0, fields.length + 1, 2, ...fields])).name;
  }
}

/** `transactional-state` with an outcome. */
export function within34(id: unknown, outcome?: unknown): unknown {
  const fields = [types["wrap_binary"]!(id), ...(outcome === undefined ? [] : [outcome])];
  return types["wrap_described"]!(types["wrap_list"]!(fields), 0x34);
}

/** Sends in a transaction: rhea puts no state into transfers, so it is put there on their way out. */
export async function post(sender: Sender, body: string, id: unknown): Promise<void> {
  const told = new Promise((resolve) => sender.once("settled", resolve));
  const session = sender.session as unknown as {
    output: (frame: { value: unknown[] }, payload: Buffer) => void;
  };
  session.output = function (frame, payload): void {
    delete (this as { output?: unknown }).output;
    frame.value[7] = within34(id);
    this.output(frame, payload);
  };
  sender.send({ body });
  await within(told, "the outcome of a post");
}
