import type { LoginModuleFactory } from "./login-module.ts";
import { ADDRESSES } from "./modules/addresses.ts";
import { CERTIFICATE } from "./modules/certificate.ts";
import { FILE_GROUPS } from "./modules/groups.ts";
import { GUEST } from "./modules/guest.ts";
import { PROPERTIES } from "./modules/properties.ts";
import { FILE_USERS } from "./modules/users.ts";

/** The login modules that come with the broker. [instance 21.4] */
export const BUILT_IN_MODULES: readonly LoginModuleFactory[] = [
  FILE_USERS,
  FILE_GROUPS,
  CERTIFICATE,
  ADDRESSES,
  GUEST,
  PROPERTIES,
];
