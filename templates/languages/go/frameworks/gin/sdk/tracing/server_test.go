package tracing

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/codes"
)

func serve(t *testing.T, path string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	Use(engine)
	engine.GET("/things/:thing", func(*gin.Context) {})
	engine.GET("/healthz", func(*gin.Context) {})
	engine.GET("/panic", func(*gin.Context) { panic("at the disco") })
	engine.GET("/error", func(c *gin.Context) { _ = c.AbortWithError(http.StatusBadGateway, errors.New("gone")) })
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Header = header
	recorder := httptest.NewRecorder()
	engine.ServeHTTP(recorder, request)
	return recorder
}

func TestARequestMakesASpanInTheTraceOfItsCaller(t *testing.T) {
	spans := record(t)
	serve(t, "/things/red", http.Header{"Traceparent": {parent}, "Baggage": {"customer.tier=gold"}})
	one := spans()[0]
	if one.SpanContext.TraceID().String() != parent[3:35] || one.Name != "GET /things/:thing" {
		t.Error(one.Name, one.SpanContext.TraceID())
	}
	for key, value := range map[string]string{
		"http.route":          "/things/:thing",
		"http.request.method": "GET",
		"customer.tier":       "gold",
	} {
		if !has(one, key, value) {
			t.Errorf("%s is not %s: %v", key, value, one.Attributes)
		}
	}
}

func TestAHealthCheckMakesNone(t *testing.T) {
	spans := record(t)
	serve(t, "/healthz", nil)
	if found := spans(); len(found) != 0 {
		t.Error(found[0].Name)
	}
}

func TestErrorsAndPanicsAreOnTheSpan(t *testing.T) {
	for path, status := range map[string]int{"/panic": http.StatusInternalServerError, "/error": http.StatusBadGateway} {
		spans := record(t)
		if answer := serve(t, path, nil); answer.Code != status {
			t.Error(path, answer.Code)
		}
		one := spans()[0]
		if one.Status.Code != codes.Error || len(one.Events) != 1 || one.Events[0].Name != "exception" {
			t.Error(path, one.Status, one.Events)
		}
	}
}
