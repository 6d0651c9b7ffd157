import type { VirtualHost } from "@tsapollo/domain";
import type { Deadline } from "./deadlines.ts";
import type { Will } from "./will.ts";

/** A will whose connection is gone and whose delay has not passed. [MQTT5-3.1.3.2.2] */
export class PendingWill {
  readonly will: Will;
  readonly #deadline: Deadline;
  readonly #host: VirtualHost;
  readonly #close: boolean;
  #over = false;

  /**
   * @param host where it goes, with the rights of the client that left it
   * @param close whether that host is nobody else's and is closed in the end
   */
  constructor(will: Will, deadline: Deadline, host: VirtualHost, close: boolean) {
    this.will = will;
    this.#deadline = deadline;
    this.#host = host;
    this.#close = close;
  }

  /** Its time has come, or its session ends. */
  publish(nowMs: number): void {
    if (this.#over) return;
    this.will.publish(this.#host, nowMs);
    this.cancel();
  }

  /** The client came back in time. [MQTT5-3.1.3-9] */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.cancel();
    if (this.#close) this.#host.close();
  }
}
