export { FakeClock } from "./fake-clock.ts";
export {
  type Published,
  RecordedSubscription,
  RecordingHost,
  TestDelivery,
  TestReception,
} from "./recording-host.ts";
export { settled, TestConnection, TestOutput } from "./test-connection.ts";
