/** A binary heap: the element that comes before all others is always at hand. The parent of `i` is at `(i - 1) / 2`. */
export class Heap<T> {
  readonly #comesBefore: (a: T, b: T) => boolean;
  #elements: T[] = [];

  constructor(comesBefore: (a: T, b: T) => boolean) {
    this.#comesBefore = comesBefore;
  }

  get size(): number {
    return this.#elements.length;
  }

  /** The first element, left where it is. */
  peek(): T | undefined {
    return this.#elements[0];
  }

  push(element: T): void {
    this.#elements.push(element);
    this.#siftUp(this.#elements.length - 1);
  }

  /** Takes the first element out. */
  pop(): T | undefined {
    const first = this.#elements[0];
    const last = this.#elements.pop();
    if (last !== undefined && this.#elements.length > 0) {
      this.#elements[0] = last;
      this.#siftDown(0);
    }
    return first;
  }

  /** Keeps only elements that pass, in linear time. */
  keep(passes: (element: T) => boolean): void {
    this.#elements = this.#elements.filter(passes);
    for (let at = (this.#elements.length >> 1) - 1; at >= 0; at -= 1) this.#siftDown(at);
  }

  /** Empties it. */
  clear(): readonly T[] {
    const all = this.#elements;
    this.#elements = [];
    return all;
  }

  #siftUp(from: number): void {
    const elements = this.#elements;
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#comesBefore(elements[at]!, elements[parent]!)) return;
      [elements[at], elements[parent]] = [elements[parent]!, elements[at]!];
      at = parent;
    }
  }

  #siftDown(from: number): void {
    const elements = this.#elements;
    for (let at = from; ; ) {
      let child = 2 * at + 1;
      if (child >= elements.length) return;
      if (child + 1 < elements.length && this.#comesBefore(elements[child + 1]!, elements[child]!))
        child += 1;
      if (!this.#comesBefore(elements[child]!, elements[at]!)) return;
      [elements[at], elements[child]] = [elements[child]!, elements[at]!];
      at = child;
    }
  }
}
