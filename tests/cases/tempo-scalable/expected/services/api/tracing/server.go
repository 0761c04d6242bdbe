package tracing

import (
	"cmp"
	"net/http"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Handler makes a span of each request to a handler, named by method and route: GET /items/{id}. The route is asked of
// the first function that tells one; an *http.ServeMux needs none.
func Handler(handler http.Handler, routes ...func(*http.Request) string) http.Handler {
	if mux, ok := handler.(*http.ServeMux); ok {
		routes = append(routes, RouteOf(mux))
	}
	traced := otelhttp.NewHandler(routed{handler}, "", otelhttp.WithFilter(isTraced))
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		// Asked here already, so that a sampler knows the name, and the span has its http.route.
		request.Pattern = patternOf(request, routes)
		traced.ServeHTTP(writer, request)
	})
}

// RouteOf tells the routes of a mux, for one that stands within other handlers.
func RouteOf(mux *http.ServeMux) func(*http.Request) string {
	return func(request *http.Request) string {
		_, pattern := mux.Handler(request)
		return strings.TrimSuffix(pattern, "{$}")
	}
}

func patternOf(request *http.Request, routes []func(*http.Request) string) string {
	for _, route := range routes {
		if found := route(request); found != "" {
			return found
		}
	}
	return ""
}

// routed keeps the route for the end of the span, which takes its last name from the request.
type routed struct{ next http.Handler }

func (h routed) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	span, known := trace.SpanFromContext(request.Context()), request.Pattern
	defer func() {
		request.Pattern = cmp.Or(known, strings.TrimSuffix(request.Pattern, "{$}")) // a mux within may set its own
		if _, path, found := strings.Cut(request.Pattern, "/"); found {
			span.SetAttributes(attribute.String("http.route", "/"+path))
		}
		if reason := recover(); reason != nil {
			// The end of the span records the panic; net/http goes on with the next request.
			span.SetStatus(codes.Error, "panic")
			panic(reason)
		}
	}()
	h.next.ServeHTTP(writer, request)
}
