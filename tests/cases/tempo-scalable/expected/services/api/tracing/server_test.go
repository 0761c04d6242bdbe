package tracing

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
)

func serve(t *testing.T, path string, header http.Header) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /things/{thing}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("at the disco") })
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Header = header
	Handler(mux).ServeHTTP(httptest.NewRecorder(), request)
}

func TestARequestMakesASpanInTheTraceOfItsCaller(t *testing.T) {
	spans := record(t)
	serve(t, "/things/red", http.Header{"Traceparent": {parent}, "Baggage": {"customer.tier=gold"}})
	one := spans()[0]
	if one.SpanContext.TraceID().String() != parent[3:35] || one.Name != "GET /things/{thing}" {
		t.Error(one.Name, one.SpanContext.TraceID())
	}
	for key, value := range map[string]string{
		"http.route":          "/things/{thing}",
		"http.request.method": "GET",
		"customer.tier":       "gold",
	} {
		if !has(one, key, value) {
			t.Errorf("%s is not %s: %v", key, value, one.Attributes)
		}
	}
}

// copies stands for handlers that hand on a copy of the request.
func copies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		next.ServeHTTP(writer, request.WithContext(request.Context()))
	})
}

// same stands for handlers that hand the request on as it is.
func same(next http.Handler) http.Handler {
	return http.HandlerFunc(next.ServeHTTP)
}

func TestAnyHandlerIsNamedByItsRoute(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /things/{thing}", func(http.ResponseWriter, *http.Request) {})
	told := func(*http.Request) string { return "/things/:thing" }
	for expected, handler := range map[string]http.Handler{
		"/things/{thing}": Handler(copies(mux), RouteOf(mux)),
		"/things/:thing":  Handler(http.NotFoundHandler(), told),
		"":                Handler(copies(mux)),
	} {
		spans := record(t)
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/things/red", nil))
		one := spans()[0]
		if expected != "" && !has(one, "http.route", expected) || one.Name != strings.TrimSpace("GET "+expected) {
			t.Errorf("%q: %s %v", expected, one.Name, one.Attributes)
		}
	}
}

func TestAMuxWithinTellsItsRouteAfterwards(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})
	spans := record(t)
	Handler(same(mux)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	if one := spans()[0]; one.Name != "GET /" || !has(one, "http.route", "/") {
		t.Error(one.Name, one.Attributes)
	}
}

func TestAHealthCheckMakesNone(t *testing.T) {
	spans := record(t)
	serve(t, "/healthz", nil)
	if found := spans(); len(found) != 0 {
		t.Error(found[0].Name)
	}
}

func TestAPathWithoutARouteIsNotInTheName(t *testing.T) {
	spans := record(t)
	serve(t, "/nothing/here", nil)
	if one := spans()[0]; one.Name != "GET" {
		t.Error(one.Name)
	}
}

func TestAPanicIsOnTheSpan(t *testing.T) {
	spans := record(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the server must see it too")
			}
		}()
		serve(t, "/panic", nil)
	}()
	if one := spans()[0]; one.Status.Code != codes.Error || len(one.Events) != 1 || one.Events[0].Name != "exception" {
		t.Error(one.Status, one.Events)
	}
}
