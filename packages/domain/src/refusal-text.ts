import type { Action, Identity, Resource } from "./security.ts";

/**
 * Who somebody is, as refusals tell it: `[<class name>(<name>), …]`, empty without an identity.
 * [instance 13.1]
 */
export function principalsText(identity: Identity | undefined): string {
  if (identity === undefined) return "[]";
  return `[${identity.principals.map(({ kind, name }) => `${kind}(${name})`).join(", ")}]`;
}

/**
 * What a client reads when it may not do something to a resource; the text that goes with ACCESS_DENIED.
 * [messaging 13, instance 14.5]
 */
export function refusalText(action: Action, resource: Resource, identity: Identity | undefined): string {
  const kind = resource.kind === "virtual-host" ? "virtual host" : resource.kind;
  return `Not authorized to ${deed(action, kind)} '${resource.id}'. Principals=${principalsText(identity)}`;
}

function deed(action: Action, kind: string): string {
  switch (action) {
    case "connect":
      return `connect to ${kind}`;
    case "send":
      return `send to the ${kind}`;
    case "receive":
    case "consume":
      return `${action} from the ${kind}`;
    case "admin":
      return `administer the ${kind}`;
    case "config":
      return `configure the ${kind}`;
    case "create":
    case "destroy":
    case "monitor":
      return `${action} the ${kind}`;
  }
}
