/** A change of etc/apollo.xml. */
export type XmlEdit = (xml: string) => string;

/** Everybody may do everything: the fixtures of Apollo's functional tests. */
export const withoutAuthentication: XmlEdit = (xml) =>
  replaced(xml, /<authentication domain="apollo"\/>/, "");

/** Puts elements into the virtual host. */
export function intoHost(elements: string): XmlEdit {
  return (xml) => replaced(xml, "</virtual_host>", `${elements}\n  </virtual_host>`);
}

/** Puts elements behind the connectors. */
export function intoBroker(elements: string): XmlEdit {
  return (xml) => replaced(xml, "</broker>", `${elements}\n</broker>`);
}

/** Puts elements into one connector, and parameters behind its URI. */
export function intoConnector(id: string, elements: string, query = ""): XmlEdit {
  const pattern = new RegExp(`<connector id="${id}" bind="([^"]*)"([^>]*)/>`);
  return (xml) => replaced(xml, pattern, `<connector id="${id}" bind="$1${query}"$2>${elements}</connector>`);
}

/** Another bound for the number of connections of every connector. */
export function connectionLimit(limit: number): XmlEdit {
  return (xml) => xml.replaceAll(/connection_limit="\d+"/g, `connection_limit="${limit}"`);
}

/** One connector, of kind tcp, and nothing else that listens: such a broker starts sooner. */
export const onlyTcp: XmlEdit = (xml) =>
  xml.replace(/<(connector id="(?!tcp")|web_admin|key_storage)[^>]*\/>/g, "");

/** Attributes of the store that the template configures. */
export function storeAttributes(attributes: string): XmlEdit {
  return (xml) => replaced(xml, "<leveldb_store ", `<leveldb_store ${attributes} `);
}

/** Nothing is kept on disk. */
export const withoutStore: XmlEdit = (xml) => replaced(xml, /<leveldb_store [^>]*\/>/, "<null_store/>");

/** One edit after the other. */
export function edits(...steps: readonly XmlEdit[]): XmlEdit {
  return (xml) => steps.reduce((text, step) => step(text), xml);
}

function replaced(xml: string, what: string | RegExp, by: string): string {
  const result = xml.replace(what, by);
  if (result === xml) throw new Error(`etc/apollo.xml has nothing like ${what}`);
  return result;
}
