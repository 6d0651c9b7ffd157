import { BrokerError } from "@tsapollo/domain";

/** On whose behalf somebody waits. */
export interface Asker {
  /** The user name that was shown. */
  readonly user: string;
  /** Where the client is, without its port. */
  readonly address: string;
}

/** Bounds of a {@link WaitingLine}. */
export interface WaitingLineLimits {
  readonly waitingMax: number;
  /** For one user name from one address. */
  readonly waitingPerAskerMax: number;
}

interface Waiting {
  readonly user: string;
  readonly go: () => void;
  readonly refuse: (error: BrokerError) => void;
}

/**
 * Who waits for a turn. Addresses take turns, and when the line is full, the address with the most in it loses its
 * latest: a flood from one address neither delays nor refuses others by more than one turn each.
 */
export class WaitingLine {
  readonly #limits: WaitingLineLimits;
  /** In the order of their turns; no line is empty. */
  readonly #lines = new Map<string, Waiting[]>();
  #size = 0;

  constructor(limits: WaitingLineLimits) {
    this.#limits = limits;
  }

  /**
   * Waits for a turn.
   * @throws BrokerError AUTHENTICATION_FAILED when too many wait already, also later to make room for others
   */
  wait({ user, address }: Asker): Promise<void> {
    const line = this.#lines.get(address) ?? [];
    const same = line.filter((one) => one.user === user).length;
    if (same >= this.#limits.waitingPerAskerMax) return Promise.reject(tooMany(same, ` from '${address}'`));
    if (this.#size >= this.#limits.waitingMax && !this.#makeRoom(line.length)) {
      return Promise.reject(tooMany(this.#size, ""));
    }
    this.#size += 1;
    this.#lines.set(address, line);
    return new Promise<void>((go, refuse) => line.push({ user, go, refuse }));
  }

  /** Lets the next one go; false when nobody waits. */
  next(): boolean {
    for (const [address, line] of this.#lines) {
      const first = line.shift();
      this.#lines.delete(address);
      if (line.length > 0) this.#lines.set(address, line);
      this.#size -= 1;
      first?.go();
      return true;
    }
    return false;
  }

  /** Takes the latest of the longest line, if that has more than one more than the line of the asker. */
  #makeRoom(own: number): boolean {
    let longest: Waiting[] = [];
    for (const line of this.#lines.values()) if (line.length > longest.length) longest = line;
    if (longest.length <= own + 1) return false;
    this.#size -= 1;
    longest.pop()?.refuse(tooMany(this.#limits.waitingMax, ""));
    return true;
  }
}

function tooMany(count: number, where: string): BrokerError {
  return new BrokerError(
    "AUTHENTICATION_FAILED",
    `${count} logins${where} wait already for their passwords to be checked`,
  );
}
