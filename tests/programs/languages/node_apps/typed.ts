import { stopTracing, startTracing } from "./tracing.mjs";

startTracing();
const stopped: Promise<void> = stopTracing();
await stopped;
