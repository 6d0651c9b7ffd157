import { bytesEqual, latin1Text, type StompFrame } from "@tsapollo/stomp-parser";

/** Values that are remembered; past it all are forgotten, which is simpler than finding the oldest. */
const VALUES_MAX = 1_000;

/** What they may take together, in bytes as the client wrote them: a composite costs by its length. */
const VALUE_BYTES_MAX = 262_144;

/** What a header's value means, remembered by its bytes: most clients say the same few things. */
export class HeaderMemo<Meaning> {
  readonly #name: string;
  readonly #read: (text: string) => Meaning;
  readonly #known: Map<string, Meaning> = new Map();
  #knownBytes = 0;
  #lastBytes: Uint8Array | undefined = undefined;
  #last: Meaning | undefined = undefined;

  /**
   * @param name the header
   * @param read finds out what a value means, escapes undone; what it throws is not remembered
   */
  constructor(name: string, read: (text: string) => Meaning) {
    this.#name = name;
    this.#read = read;
  }

  /** What the frame's first header of the name means; it is the header line with this index. */
  find(frame: StompFrame, index: number): Meaning {
    const start = frame.valueStart(index);
    const end = frame.valueEnd(index);
    if (this.#lastBytes !== undefined && bytesEqual(frame.bytes, start, end, this.#lastBytes)) {
      return this.#last as Meaning;
    }
    const key = latin1Text(frame.bytes, start, end);
    let meaning = this.#known.get(key);
    if (meaning === undefined) {
      meaning = this.#read(frame.header(this.#name)!);
      this.#remember(key, meaning);
    }
    this.#lastBytes = Uint8Array.from(frame.bytes.subarray(start, end)); // a Buffer's slice would not copy
    this.#last = meaning;
    return meaning;
  }

  #remember(key: string, meaning: Meaning): void {
    if (this.#known.size >= VALUES_MAX || this.#knownBytes >= VALUE_BYTES_MAX) {
      this.#known.clear();
      this.#knownBytes = 0;
    }
    this.#known.set(key, meaning);
    this.#knownBytes += key.length;
  }
}
