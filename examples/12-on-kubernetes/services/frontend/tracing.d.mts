import type { SpanExporter } from "@opentelemetry/sdk-trace";

export function startTracing(given?: SpanExporter): void;
/** Sends what is left, for 5 seconds at most: await it before your own `process.exit()`. */
export function stopTracing(): Promise<void>;
