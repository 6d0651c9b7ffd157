/** Where the instance lies and what the machine offers to keep it running. */
export interface Surroundings {
  /** Canonical absolute path of the instance. */
  readonly base: string;
  readonly platform: NodeJS.Platform;
  /** `/etc/init.d` is a folder. */
  readonly initScripts: boolean;
}

/** What `create` says at its end, with Apollo's wording and blanks. [instance 1.5] */
export function closingText({ base, platform, initScripts }: Surroundings): string {
  const start = (path: string) => `
You can now start the broker by executing:  

   "${path}" run

`;
  if (platform === "win32") {
    const service = `"${base}\\bin\\broker-service"`;
    return `${start(`${base}\\bin\\broker`)}Or you can setup the broker as Windows service and run it in the background:

   ${service} install
   ${service} start

`;
  }
  const service = `"${base}/bin/broker-service"`;
  const background = initScripts
    ? `Or you can setup the broker as system service and run it in the background:

   sudo ln -s ${service} /etc/init.d/
   /etc/init.d/broker-service start

`
    : `Or you can run the broker in the background using:

   ${service} start

`;
  return `${start(`${base}/bin/broker`)}${background}`;
}
