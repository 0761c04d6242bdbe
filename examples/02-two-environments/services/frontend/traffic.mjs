/**
 * Requests to this service, because nobody else calls it. It is a thread of its own, without tracing, so that traces
 * begin where the requests arrive.
 */
import { workerData } from "node:worker_threads";

const { base, perSecond } = workerData;
const KINDS = { 20: "slow", 21: "error", 22: "work" };
let number = 0;

async function send() {
  number += 1;
  const kind = Object.keys(KINDS).find((each) => number % each === 0);
  const tier = number % 10 === 0 ? "gold" : "basic";
  try {
    const answer = await fetch(`${base}/${KINDS[kind] ?? ""}`, {
      headers: { baggage: `customer.tier=${tier}` },
      signal: AbortSignal.timeout(10_000),
    });
    await answer.arrayBuffer();
  } catch {
    // The service says itself what went wrong.
  }
}

setInterval(send, 1_000 / perSecond);
