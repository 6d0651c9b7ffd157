import { PathTree } from "../path-tree.ts";
import type { TopicTarget } from "./topic-feed.ts";

/** Patterns that topics are matched with, and a number that grows when they, or the access rights, change. */
export class TopicPatterns {
  readonly tree: PathTree<TopicTarget> = new PathTree();
  readonly #rightsGeneration: () => number;
  #changes = 0;

  constructor(rightsGeneration: () => number) {
    this.#rightsGeneration = rightsGeneration;
  }

  /** What topics remember of their matches holds as long as this number stays. */
  get generation(): number {
    return this.#changes + this.#rightsGeneration();
  }

  /** What topics remember is no longer right. */
  changed(): void {
    this.#changes += 1;
  }
}
