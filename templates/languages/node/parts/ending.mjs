const exit = process.exit.bind(process);
let ended;
let sent = false;
let signalled = false;

/** Sends what is left, for 5 seconds at most: await it before your own `process.exit()`. */
export function stopTracing() {
  ended ??= Promise.race([sdk?.shutdown(), late()])
    .catch(report)
    .finally(() => (sent = true));
  return ended;
}

function report(error) {
  diag.error("spans are lost at the end", error);
}

async function late() {
  await sleep(4_500, undefined, { ref: false });
  throw new Error("the exporter takes too long");
}

/**
 * A listener takes from a signal what it did by itself, so this one ends the process. Where the service listens too,
 * it has the word: what is there is sent at once, the rest when it is done, and it is ended after 25 seconds when it
 * is not.
 */
async function onSignal(signal) {
  if (signalled) return; // a group gets it from its primary too, and at a terminal
  signalled = true;
  if (process.listenerCount(signal) > 1) {
    trace.getTracerProvider().getDelegate().forceFlush?.().catch(report);
    await sleep(25_000, undefined, { ref: false });
  } else if (cluster.isPrimary) {
    await Promise.race([
      Promise.all(Object.values(cluster.workers ?? {}).map(endWorker)),
      sleep(6_000, undefined, { ref: false }),
    ]);
  }
  await stopTracing();
  exit(128 + constants.signals[signal]);
}

/** What many a listener ends with, `server.close(() => process.exit(0))`, would lose the last seconds. */
function exitWhenSent(code) {
  if (sent || !signalled) exit(code);
  stopTracing().then(() => exit(code));
}

/** A worker dies with its primary, so it is given the time to send. */
function endWorker(worker) {
  worker.process.kill("SIGTERM");
  return once(worker, "exit");
}

function endWithTheProcess() {
  process.once("beforeExit", async () => {
    await stopTracing();
    exit(); // an exporter that still tries would keep it
  });
  process.exit = exitWhenSent;
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}
