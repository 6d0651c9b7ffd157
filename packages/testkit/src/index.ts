export { FakeClock } from "./fake-clock.ts";
export {
  type Published,
  RecordedStates,
  RecordedSubscription,
  RecordingHost,
  TestDelivery,
  TestReception,
} from "./recording-host.ts";
export { bodyText, PLAIN_CODEC, sampleMessage } from "./sample-message.ts";
export { committed, type StoreFactory, storeConformance } from "./store-conformance.ts";
export { settled, TestConnection, TestOutput } from "./test-connection.ts";
