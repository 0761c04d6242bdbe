package tracing

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Handler makes a span of each request to the mux, named by method and pattern: GET /items/{id}.
func Handler(mux *http.ServeMux) http.Handler {
	routed := http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		route := request.Pattern
		defer func() {
			request.Pattern = route // the mux has set its own; the span takes its last name from here
			if reason := recover(); reason != nil {
				// The end of the span records the panic; net/http goes on with the next request.
				trace.SpanFromContext(request.Context()).SetStatus(codes.Error, "panic")
				panic(reason)
			}
		}()
		mux.ServeHTTP(writer, request)
	})
	traced := otelhttp.NewHandler(routed, "", otelhttp.WithFilter(isTraced))
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		// Asked here already, so that a sampler knows the name, and the span has its http.route.
		_, pattern := mux.Handler(request)
		request.Pattern = strings.TrimSuffix(pattern, "{$}")
		traced.ServeHTTP(writer, request)
	})
}
