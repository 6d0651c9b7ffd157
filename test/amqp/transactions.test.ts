import assert from "node:assert/strict";
import { describe, it } from "node:test";
import rhea, { type Delivery, type EventContext, type Sender } from "rhea";
import { AmqpClient } from "../harness/amqp-client.ts";
import { useInstance } from "../harness/instance.ts";
import { within } from "../harness/waiting.ts";
import { edits, withoutAuthentication } from "../harness/xml.ts";

const { types, message } = rhea as unknown as {
  types: Record<string, (...values: unknown[]) => { value: unknown }>;
  message: { accepted(): { described(): unknown } };
};

/** Declares and discharges over a coordinator's link; rhea itself knows nothing of transactions. */
class Coordinator {
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
function within34(id: unknown, outcome?: unknown): unknown {
  const fields = [types["wrap_binary"]!(id), ...(outcome === undefined ? [] : [outcome])];
  return types["wrap_described"]!(types["wrap_list"]!(fields), 0x34);
}

/** Sends in a transaction: rhea puts no state into transfers, so it is put there on their way out. */
async function post(sender: Sender, body: string, id: unknown): Promise<void> {
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

function retire(delivery: Delivery, id: unknown): void {
  (delivery as unknown as { update(settled: boolean, state: unknown): void }).update(
    true,
    within34(id, message.accepted().described()),
  );
}

describe("AMQP transactions [AMQP 4, messaging 17.8]", { concurrency: true }, () => {
  const broker = useInstance({ xml: edits(withoutAuthentication) });

  it("AM-002 posting and retiring, committed and rolled back", async () => {
    const client = await AmqpClient.connect(broker.now);
    const coordinator = await Coordinator.open(client);
    const sender = await client.sender("queue://txtest");
    for (const [body, fails] of [
      ["1", false],
      ["2", true],
      ["3", false],
    ] as const) {
      const id = await coordinator.declare();
      await post(sender, body, id);
      assert.equal(await coordinator.discharge(id, fails), "accepted");
    }
    const inbox = await client.receiver({ source: "queue://txtest", autosettle: false }, 1);
    for (const [body, fails] of [
      ["1", false],
      ["3", true],
      ["3", false],
    ] as const) {
      const id = await coordinator.declare();
      const { message: got, delivery } = await inbox.next(`'${body}'`);
      assert.equal(got.body, body);
      retire(delivery, id);
      inbox.receiver.add_credit(1);
      await new Promise((resolve) => setImmediate(resolve)); // rhea writes transfers before dispositions
      assert.equal(await coordinator.discharge(id, fails), "accepted");
    }
    await client.send(sender, "last");
    assert.equal((await inbox.next()).message.body, "last");
    await client.close();
  });

  it("nothing of it is seen before the commit, everything after it", async () => {
    const client = await AmqpClient.connect(broker.now);
    const coordinator = await Coordinator.open(client);
    const sender = await client.sender("queue://tx.seen");
    const id = await coordinator.declare();
    for (const body of ["a", "b", "c"]) await post(sender, body, id);
    await client.send(sender, "outside");
    const inbox = await client.receiver("queue://tx.seen");
    await inbox.expect("outside");
    assert.equal(inbox.waiting, 0);
    assert.equal(await coordinator.discharge(id, false), "accepted");
    for (const body of ["a", "b", "c"]) await inbox.expect(body);
    await client.close();
  });

  it("an unknown transaction cannot be discharged", async () => {
    const client = await AmqpClient.connect(broker.now);
    const coordinator = await Coordinator.open(client);
    assert.equal(await coordinator.discharge(Buffer.from("nothing"), false), "rejected");
    await client.close();
  });

  it("what is open when the connection dies is rolled back", async () => {
    const client = await AmqpClient.connect(broker.now);
    const coordinator = await Coordinator.open(client);
    const id = await coordinator.declare();
    await post(await client.sender("queue://tx.lost"), "lost", id);
    await client.close();
    const other = await AmqpClient.connect(broker.now);
    await other.send("queue://tx.lost", "after");
    await (await other.receiver("queue://tx.lost")).expect("after");
    await other.close();
  });
});
