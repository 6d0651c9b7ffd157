/** The parts of rhea that are used: its codecs, without its connections. They are plain CommonJS. */
declare module "rhea/lib/types.js" {
  export interface Typed {
    readonly type: { readonly name: string; readonly typecode: number };
    value: unknown;
    readonly descriptor?: Typed;
  }
  export class Reader {
    constructor(buffer: Buffer);
    position: number;
    read(): Typed;
  }
  const types: {
    readonly Reader: typeof Reader;
    unwrap(value: unknown, leaveDescribed?: boolean): unknown;
    wrap_symbolic_map(map: Readonly<Record<string, unknown>>): Typed;
    wrap_error(fields: Readonly<Record<string, unknown>>): Typed;
    Map32(items: readonly Typed[]): Typed;
    wrap_ulong(value: number): Typed;
    wrap_list(items: readonly unknown[]): Typed;
    described_nc(descriptor: Typed, value: Typed): Typed;
    is_map(value: Typed): boolean;
    is_ulong(value: Typed): boolean;
    is_symbol(value: Typed): boolean;
    wrap_symbol(text: string): Typed;
  };
  export default types;
}

declare module "rhea/lib/frames.js" {
  import type { Typed } from "rhea/lib/types.js";
  export interface Composite {
    readonly value: (Typed | null | undefined)[];
    readonly [field: string]: unknown;
    described(): Typed;
  }
  export type Make = (fields: Readonly<Record<string, unknown>>) => Composite;
  const frames: {
    readonly TYPE_AMQP: 0;
    readonly TYPE_SASL: 1;
    read_frame(buffer: Buffer): { readonly channel: number; readonly performative: Composite };
    write_frame(frame: unknown): Buffer;
    amqp_frame(channel: number, performative: Typed, payload?: Buffer): unknown;
    sasl_frame(performative: Typed): unknown;
    readonly open: Make;
    readonly begin: Make;
    readonly attach: Make;
    readonly detach: Make;
    readonly end: Make;
    readonly close: Make;
    readonly sasl_mechanisms: Make;
    readonly sasl_challenge: Make;
    readonly sasl_outcome: Make;
  };
  export default frames;
}

declare module "rhea/lib/terminus.js" {
  import type { Composite, Make } from "rhea/lib/frames.js";

  const terminus: {
    unwrap(field: unknown): Composite | null;
    readonly source: Make;
    readonly target: Make;
  };
  export default terminus;
}
