import type { AdmitAbsent, VirtualHost } from "@tsapollo/domain";
import type { Deadline } from "./deadlines.ts";
import type { Will } from "./will.ts";

/** A will whose connection is gone and whose delay has not passed. [MQTT5-3.1.3.2.2] */
export class PendingWill {
  readonly will: Will;
  readonly #deadline: Deadline;
  readonly #left: VirtualHost | undefined;
  readonly #admitAbsent: AdmitAbsent;
  #over = false;

  /** @param left the host as the client saw it that left the will; undefined when that did not outlive the broker */
  constructor(will: Will, deadline: Deadline, left: VirtualHost | undefined, admitAbsent: AdmitAbsent) {
    this.will = will;
    this.#deadline = deadline;
    this.#left = left;
    this.#admitAbsent = admitAbsent;
  }

  /** Its time has come, or its session ends. It goes with the rights of the client that left it. */
  publish(nowMs: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.cancel();
    const { bearer } = this.will;
    const host = this.#left ?? this.#admitAbsent(bearer?.identity, bearer?.connectorId ?? "");
    this.will.publish(host, nowMs);
    host.close();
  }

  /** The client came back in time. [MQTT5-3.1.3-9] */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.cancel();
    this.#left?.close();
  }
}
