/** The SDK has no propagator of Jaeger any more: it comes from the older line, which is all that it is used for. */
function newPropagator() {
  const names = getStringListFromEnv("OTEL_PROPAGATORS") ?? [];
  if (!names.includes("jaeger")) return undefined;
  const known = {
    tracecontext: () => new W3CTraceContextPropagator(),
    baggage: () => new W3CBaggagePropagator(),
    b3: () => new B3Propagator(),
    b3multi: () =>
      new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
    jaeger: () => new JaegerPropagator(),
  };
  for (const name of names.filter((each) => !known[each])) {
    diag.error(`OTEL_PROPAGATORS: ${name} is not known here`);
  }
  const propagators = names.flatMap((name) => known[name]?.() ?? []);
  return new CompositePropagator({ propagators });
}
