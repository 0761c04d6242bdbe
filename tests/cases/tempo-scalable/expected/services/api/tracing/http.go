package tracing

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// Transport makes a span of each request that goes out, and sends the context along; nil is the default transport.
func Transport(base http.RoundTripper) http.RoundTripper {
	name := func(_ string, request *http.Request) string { return request.Method }
	return otelhttp.NewTransport(base, otelhttp.WithSpanNameFormatter(name))
}

// isTraced leaves health checks out: they come every few seconds, and say nothing.
func isTraced(request *http.Request) bool {
	return request.URL.Path != variable("TRACING_HEALTH_PATH", "/healthz")
}
