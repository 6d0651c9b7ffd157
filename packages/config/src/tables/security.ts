import { accepted, type ElementRule, element, option, optionsOf, type Table } from "../declare.ts";
import type { KeyStorageConfig } from "../security-config.ts";
import { FLAG, NAME, TEXT, TEXT_OR_NONE, WORDS_OR_ALL } from "../value-types.ts";

/** Attributes of `<authentication>` that are values by themselves. */
export interface AuthenticationAttributes {
  readonly enabled: boolean;
  readonly domain: string;
}

/** `<authentication>`. [instance 7.9] */
export const AUTHENTICATION: Table<AuthenticationAttributes> = {
  enabled: option("enabled", FLAG, true, "`false` switches security off at this level."),
  domain: option("domain", NAME, "apollo", "Entry of login.config that decides who somebody is."),
};

/** `<authentication>` with its children. */
export const AUTHENTICATION_RULE: ElementRule = element(
  "authentication",
  "Turns security on. Without it, at the broker, everything is allowed and access rules are not evaluated; a virtual host without it uses the broker's.",
  {
    attributes: optionsOf(AUTHENTICATION),
    children: [
      element("user_principal_kind", "", {
        occurs: "many",
        text: "Kind of principal whose first member is the user's name: a class name as in login.config files, or `user`, `group`, `x500`, `address`. Without any: `user` and `x500`.",
      }),
      element("acl_principal_kind", "", {
        occurs: "many",
        text: "Kind of principal that `allow` and `deny` compare with where a rule has no `principal_kind`. Without any: `group`.",
      }),
    ],
  },
);

/** Attributes of `<access_rule>` as they are written. */
export interface AccessRuleAttributes {
  readonly allow: string | undefined;
  readonly deny: string | undefined;
  readonly separator: string | undefined;
  readonly principalKind: readonly string[] | undefined;
  readonly action: readonly string[] | undefined;
  readonly kind: readonly string[] | undefined;
  readonly id: string | undefined;
  readonly idRegex: string | undefined;
  readonly connector: string | undefined;
}

/** `<access_rule>`. [instance 14.1] */
export const ACCESS_RULE: Table<AccessRuleAttributes> = {
  allow: option(
    "allow",
    TEXT_OR_NONE,
    undefined,
    "Who may: a principal's name, `+` (who has a principal of the kinds), `*` (everybody).",
  ),
  deny: option("deny", TEXT_OR_NONE, undefined, "Who may not; beats `allow` in the same rule."),
  separator: option(
    "separator",
    TEXT_OR_NONE,
    undefined,
    "Makes `allow` and `deny` lists, split on this text.",
  ),
  principalKind: option(
    "principal_kind",
    WORDS_OR_ALL,
    undefined,
    "Kinds of principals to compare, or `*`; missing: the level's `acl_principal_kind`.",
  ),
  action: option(
    "action",
    WORDS_OR_ALL,
    undefined,
    "`admin`, `monitor`, `config`, `connect`, `create`, `destroy`, `send`, `receive`, `consume`, or `*`.",
  ),
  kind: option(
    "kind",
    WORDS_OR_ALL,
    undefined,
    "`broker`, `virtual-host`, `connector`, `topic`, `queue`, `dsub`, or `*`. The first and third only at the broker.",
  ),
  id: option(
    "id",
    TEXT_OR_NONE,
    undefined,
    "Id of the resource, or a pattern of destinations; `*`: every one.",
  ),
  idRegex: option(
    "id_regex",
    TEXT_OR_NONE,
    undefined,
    "Regular expression that must match the whole id, besides `id`.",
  ),
  connector: option("connector", TEXT_OR_NONE, undefined, "Connector the client came through; `*`: any."),
};

/** `<access_rule>` as an element. */
export const ACCESS_RULE_RULE: ElementRule = element(
  "access_rule",
  "Says who may do what. Rules are read in file order, a virtual host's before the broker's; the first that matches decides; without a match the answer is no.",
  { occurs: "many", attributes: optionsOf(ACCESS_RULE) },
);

/** `<key_storage>`. [instance 15] */
export const KEY_STORAGE: Table<KeyStorageConfig> = {
  file: option(
    "file",
    TEXT_OR_NONE,
    undefined,
    "Key store: JKS, PKCS#12 or PEM, told apart by content. Relative to the working directory.",
  ),
  password: option("password", TEXT, "", "Password of the store."),
  keyPassword: option("key_password", TEXT, "", "Password of the private keys."),
  keyAlias: option("key_alias", TEXT_OR_NONE, undefined, "Key to use, in any case; missing: the first."),
  storeType: option("store_type", NAME, "JKS", "What the file is said to be; its content decides."),
};

/** `<key_storage>` as an element. */
export const KEY_STORAGE_RULE: ElementRule = element(
  "key_storage",
  "Keys and trusted certificates of TLS, in one store.",
  {
    attributes: [
      ...optionsOf(KEY_STORAGE),
      accepted("trust_algorithm", "Choice of a Java library."),
      accepted("key_algorithm", "Choice of a Java library."),
    ],
  },
);
