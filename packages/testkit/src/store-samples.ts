import type { PageBounds, StoredEntry, StoredPlace, UnitOfWork } from "@tsapollo/domain";

/** Commits and waits until it is durable. */
export async function committed(unit: UnitOfWork): Promise<void> {
  await new Promise<void>((done, fail) => {
    unit.commit((error) => (error === undefined ? done() : fail(error)));
  });
}

/** An entry of five bytes; `rest` replaces what a test cares about. */
export function sampleEntry(sequence: number, rest?: Partial<StoredEntry>): StoredEntry {
  const common = { sizeBytes: 5, expiresAtMs: 0, redeliveryCount: 0, via: undefined, retained: false };
  return { sequence, transient: false, ...common, ...rest };
}

/** Where such an entry is. */
export function samplePlace(sequence: number, messageId: number, transient = false): StoredPlace {
  return { sequence, messageId, sizeBytes: 5, transient };
}

/** Bounds that leave nothing out. */
export const EVERYTHING: PageBounds = Object.freeze({
  from: 0,
  to: Number.MAX_SAFE_INTEGER,
  maxEntries: 100_000,
  maxBytes: 1_000_000_000,
});
