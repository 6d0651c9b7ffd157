export { FakeClock } from "./fake-clock.ts";
export { FaultyStore } from "./faulty-store.ts";
export {
  type Published,
  RecordedStates,
  RecordedSubscription,
  RecordingHost,
  TestDelivery,
  TestReception,
} from "./recording-host.ts";
export { bodyText, PLAIN_CODEC, sampleMessage } from "./sample-message.ts";
export { type StoreFactory, storeConformance } from "./store-conformance.ts";
export { committed, EVERYTHING, sampleEntry, samplePlace } from "./store-samples.ts";
export { settled, TestConnection, TestOutput } from "./test-connection.ts";
