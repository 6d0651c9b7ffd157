import {
  type Action,
  type Address,
  type Authorizer,
  BrokerError,
  type Identity,
  principalsText,
  type Resource,
  refusalText,
} from "@tsapollo/domain";
import { isSystem } from "./system-topics.ts";

/** Whose rights count: who it is, and the connector it came through. */
export interface Bearer {
  readonly identity: Identity;
  readonly connectorId: string;
}

/** Whether the rights of one are those of the other. */
export function isSameBearer(one: Bearer | undefined, other: Bearer | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const [mine, theirs] = [one.identity, other.identity];
  if (one.connectorId !== other.connectorId || mine.userName !== theirs.userName) return false;
  const { principals } = theirs;
  return (
    mine.principals.length === principals.length &&
    mine.principals.every(({ kind, name }, at) => {
      const principal = principals[at]!;
      return kind === principal.kind && name === principal.name;
    })
  );
}

/** The access rights of one client. Without an authorizer everything is allowed. */
export class Guard {
  readonly #authorizer: Authorizer | undefined;
  readonly #identity: Identity | undefined;
  readonly #connectorId: string;
  /** Whether it is the broker itself. */
  readonly isBroker: boolean;

  /** @param isBroker whether it is the broker itself, who alone may send to names of its own */
  constructor(
    authorizer: Authorizer | undefined,
    identity: Identity | undefined,
    connectorId: string,
    isBroker: boolean = false,
  ) {
    this.isBroker = isBroker;
    this.#authorizer = authorizer;
    this.#identity = identity;
    this.#connectorId = connectorId;
  }

  /** Verdicts hold until this number changes. */
  get generation(): number {
    return this.#authorizer?.generation ?? 0;
  }

  /** Whose rights these are; undefined when nobody was asked who it is. */
  get bearer(): Bearer | undefined {
    return this.#identity === undefined
      ? undefined
      : { identity: this.#identity, connectorId: this.#connectorId };
  }

  /** Who the client is, for texts of refusals. */
  get principals(): string {
    return principalsText(this.#identity);
  }

  /** Whether the client may do this to a destination. */
  may(action: Action, address: Address): boolean {
    if (!this.isBroker && isReserved(action, address)) return false;
    if (this.#authorizer === undefined || this.#identity === undefined) return true;
    return this.#authorizer.can(this.#identity, action, resourceOf(address), this.#connectorId);
  }

  /** The refusal of an action, with the documented text. [messaging 13] */
  refusal(action: Action, address: Address): BrokerError {
    if (isReserved(action, address)) {
      const text = `Only the broker itself may ${action === "send" ? "send to" : action} the ${address.kind} '${address.id}'`;
      return new BrokerError("ACCESS_DENIED", text);
    }
    return new BrokerError("ACCESS_DENIED", refusalText(action, resourceOf(address), this.#identity));
  }

  /** @throws BrokerError ACCESS_DENIED */
  demand(action: Action, address: Address): void {
    if (!this.may(action, address)) throw this.refusal(action, address);
  }
}

/** Whether that is the broker's own business, whatever the access rules say. */
function isReserved(action: Action, address: Address): boolean {
  return isSystem(address) && address.kind !== "dsub" && (action === "send" || action === "destroy");
}

function resourceOf(address: Address): Resource {
  return { kind: address.kind, id: address.id, path: address.path };
}
