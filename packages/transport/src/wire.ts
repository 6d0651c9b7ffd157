/**
 * What carries the bytes of one connection: a TCP or TLS socket, or a WebSocket. It knows no protocol and keeps no
 * unfinished input; it reports to its {@link WireOwner}.
 */
export interface Wire {
  /** Bytes that were sent here and that the kernel has not taken. */
  readonly unsent: number;
  /**
   * Sends bytes. With `owned` nobody will change them.
   * @returns whether the caller may overwrite `bytes` already; never with `owned`
   */
  send(bytes: Uint8Array, owned: boolean): boolean;
  /** Everything of this turn was sent: what was gathered leaves now. */
  flush(): void;
  /** Stops reading; a little may still come. The end of the peer is not noticed then. */
  pause(): void;
  resume(): void;
  /**
   * Reads on although paused, to see an end behind the next bytes: stops when about `stepBytes` have come, or when
   * `received` calls `pause`.
   * @returns false: since `resume` about `totalBytes` came that were not handed over, none may follow
   */
  readSome(stepBytes: number, totalBytes: number): boolean;
  /** Finds out, without reading, whether the kernel knows already that the peer is gone; `gone` follows then. */
  probe(keepAlive: boolean): void;
  /** Says goodbye after everything was sent. `gone` follows when the peer does the same. */
  end(): void;
  /** Closes at once; `gone` follows, not before this returns. */
  destroy(): void;
}

/** Who is told what happens on a wire. */
export interface WireOwner {
  /** Bytes from the peer, valid during the call only. `full`: they filled the read buffer, so more will follow. */
  received(bytes: Uint8Array, start: number, end: number, full: boolean): void;
  /** Everything that had to wait was sent. */
  drained(): void;
  /** The peer will send nothing more; everything it sent was received. It may still read. */
  ended(wire: Wire): void;
  /** The wire is closed. Called once. */
  gone(wire: Wire): void;
}
