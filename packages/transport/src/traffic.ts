/** What came and went over all connections of a broker since it started, whatever they spoke: plain numbers. */
export class Traffic {
  /** Bytes from peers: after TLS and out of WebSocket frames. */
  receivedBytes = 0;
  /** Bytes to peers, counted as those. */
  sentBytes = 0;
  /** Sockets accepted, whatever became of them. */
  sockets = 0;
  /** Sockets that are open now, and the most that ever were. */
  socketsOpen = 0;
  socketsMax = 0;
}
