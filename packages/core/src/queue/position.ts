import type { Place } from "./entry.ts";

/** Somebody with a place of its own in a queue: the entry it will look at next. */
export interface Positioned {
  /** Undefined: past the last one. Only {@link moveTo} sets it. */
  at: Place | undefined;
}

/** Moves somebody to an entry, or past the last one. */
export function moveTo(one: Positioned, entry: Place | undefined): void {
  const old = one.at;
  if (old === entry) return;
  if (old?.watchers !== undefined) {
    const index = old.watchers.indexOf(one);
    if (index !== -1) old.watchers.splice(index, 1);
    if (old.watchers.length === 0) old.watchers = undefined;
  }
  one.at = entry;
  if (entry === undefined) return;
  if (entry.watchers === undefined) entry.watchers = [one];
  else entry.watchers.push(one);
}

/** An entry is about to leave its queue: everybody at it goes on to the next; who is past the end now is told. */
export function moveOn(entry: Place, pastTheEnd: (one: Positioned) => void): void {
  const { watchers, next } = entry;
  if (watchers === undefined) return;
  entry.watchers = undefined;
  for (const one of watchers) {
    one.at = undefined;
    moveTo(one, next);
    if (next === undefined) pastTheEnd(one);
  }
}
