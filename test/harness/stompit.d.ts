declare module "stompit" {
  import type { Readable, Writable } from "node:stream";

  export type Headers = Readonly<Record<string, string>>;

  export interface Message extends Readable {
    readonly headers: Headers;
    readString(encoding: string, callback: (error: Error | null, body: string) => void): void;
  }

  export interface Transaction {
    readonly id: string;
    send(headers: Headers): Writable;
    commit(options?: { onReceipt?: () => void }): void;
    abort(options?: { onReceipt?: () => void }): void;
  }

  export interface Client {
    headers: Headers;
    send(headers: Headers, options?: { onReceipt?: () => void; onError?: (error: Error) => void }): Writable;
    subscribe(
      headers: Headers,
      callback: (error: Error | null, message: Message) => void,
    ): { unsubscribe(): void };
    begin(headers?: Headers): Transaction;
    ack(message: Message): void;
    nack(message: Message): void;
    disconnect(callback?: (error: Error | null) => void): void;
    destroy(error?: Error): void;
    on(event: "error", listener: (error: Error) => void): void;
  }

  export function connect(
    options: Readonly<Record<string, unknown>>,
    callback: (error: Error | null, client: Client) => void,
  ): unknown;

  const stompit: { readonly connect: typeof connect };
  export default stompit;
}
