import type { Identification } from "@tsapollo/domain";

/** Whether bytes begin a TLS handshake: a ClientHello in a record of SSL 3 to TLS 1.3. [instance 11.3 ssl] */
export function identifyTls(bytes: Uint8Array): Identification {
  if (bytes.length > 0 && bytes[0] !== 0x16) return "no";
  if (bytes.length > 1 && bytes[1] !== 3) return "no";
  if (bytes.length > 2 && bytes[2]! > 3) return "no";
  if (bytes.length < 6) return "maybe";
  return bytes[5] === 1 ? "yes" : "no";
}

const METHODS = ["GET ", "HEAD ", "POST ", "PUT ", "OPTIONS ", "DELETE ", "PATCH "];

/** Whether bytes begin an HTTP/1 request. CONNECT is left to STOMP. */
export function identifyHttp(bytes: Uint8Array): Identification {
  let answer: Identification = "no";
  for (const method of METHODS) {
    const size = Math.min(method.length, bytes.length);
    let same = true;
    for (let i = 0; i < size && same; i++) same = method.charCodeAt(i) === bytes[i];
    if (!same) continue;
    if (size === method.length) return "yes";
    answer = "maybe";
  }
  return answer;
}
