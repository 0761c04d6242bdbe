package tracing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// record gives a function that returns the spans which have ended so far.
func record(t *testing.T) func() tracetest.SpanStubs {
	t.Helper()
	for _, name := range []string{"OTEL_TRACES_SAMPLER", "OTEL_PROPAGATORS", "TRACING_HEALTH_PATH"} {
		unset(t, name)
	}
	t.Setenv("TRACING_BAGGAGE_KEYS", "customer.tier")
	exporter := tracetest.NewInMemoryExporter()
	provider := newProvider(newResource(t.Context()), exporter)
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	return func() tracetest.SpanStubs {
		if err := provider.ForceFlush(context.Background()); err != nil {
			t.Fatal(err)
		}
		return exporter.GetSpans()
	}
}

func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "") // so that it is put back
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

func has(span tracetest.SpanStub, key, value string) bool {
	set := attribute.NewSet(span.Attributes...)
	found, ok := set.Value(attribute.Key(key))
	return ok && found.AsString() == value
}

func TestTheResourceIsTheOneOfTheEnvironment(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "orders")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=a%2Cb%20c")
	spans := record(t)
	_, span := otel.Tracer("test").Start(t.Context(), "one")
	span.End()
	set := spans()[0].Resource.Set()
	for key, expected := range map[attribute.Key]string{"service.name": "orders", "team": "a,b c"} {
		if value, _ := set.Value(key); value.AsString() != expected {
			t.Errorf("%s is %q", key, value.AsString())
		}
	}
}

func TestOnlyTheNamedBaggageIsCopied(t *testing.T) {
	spans := record(t)
	bag, err := baggage.Parse("customer.tier=gold,secret=yes")
	if err != nil {
		t.Fatal(err)
	}
	_, span := otel.Tracer("test").Start(baggage.ContextWithBaggage(t.Context(), bag), "one")
	span.End()
	if one := spans()[0]; !has(one, "customer.tier", "gold") || has(one, "secret", "yes") {
		t.Error(one.Attributes)
	}
}

func TestAnErrorMarksTheSpan(t *testing.T) {
	spans := record(t)
	ctx, span := otel.Tracer("test").Start(t.Context(), "one")
	RecordError(ctx, errors.New("gone"))
	span.End()
	one := spans()[0]
	if one.Status.Code != codes.Error || one.Status.Description != "gone" || one.Events[0].Name != "exception" {
		t.Error(one.Status, one.Events)
	}
}

func TestALogLineIsJSONWithTheIDsOfItsSpan(t *testing.T) {
	record(t)
	ctx, span := otel.Tracer("test").Start(t.Context(), "one")
	defer span.End()
	var out bytes.Buffer
	logger := NewLogger(&out).With("a", 1)
	logger.InfoContext(ctx, "\"quoted\"\nand broken")
	logger.Info("outside")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var inside, outside map[string]any
	if err := errors.Join(json.Unmarshal([]byte(lines[0]), &inside), json.Unmarshal([]byte(lines[1]), &outside)); err != nil {
		t.Fatal(err)
	}
	if inside["trace_id"] != span.SpanContext().TraceID().String() || inside["span_id"] == nil || outside["trace_id"] != nil {
		t.Error(inside, outside)
	}
}

func TestALineKeepsATraceIDOfItsOwn(t *testing.T) {
	record(t)
	ctx, span := otel.Tracer("test").Start(t.Context(), "one")
	defer span.End()
	var out bytes.Buffer
	NewLogger(&out).InfoContext(ctx, "of a request", "trace_id", "own")
	NewLogger(&out).With("trace_id", "own").InfoContext(ctx, "of a component")
	for line := range strings.Lines(out.String()) {
		if strings.Count(line, "trace_id") != 1 || !strings.Contains(line, `"own"`) || !strings.Contains(line, "span_id") {
			t.Error(line)
		}
	}
}

func TestASamplerThatDoesNotExistIsToldInTheLog(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(NewLogger(&out))
	defer slog.SetDefault(before)
	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	t.Setenv("OTEL_TRACES_SAMPLER", "by_the_moon")
	stop, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if !strings.Contains(out.String(), "by_the_moon") {
		t.Error(out.String())
	}
}

func TestWithoutAnExporterTheServiceStillRuns(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "otlp")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "smoke-signals")
	stop, err := Start(t.Context())
	if err == nil || stop == nil {
		t.Fatal("an error and a function are expected")
	}
	stop()
}

func TestConsoleAndNoneAreExportersToo(t *testing.T) {
	for name, sends := range map[string]bool{"console": true, "none": false, "otlp": true} {
		t.Setenv("OTEL_TRACES_EXPORTER", name)
		if exporter, err := newExporter(t.Context()); err != nil || (exporter != nil) != sends {
			t.Error(name, exporter, err)
		}
	}
	t.Setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
	if _, err := newExporter(t.Context()); err == nil {
		t.Error("an error is expected")
	}
}

func TestAPropagatorThatIsNotThereIsToldInTheLog(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(NewLogger(&out))
	defer slog.SetDefault(before)
	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	t.Setenv("OTEL_PROPAGATORS", "baggage,semaphore")
	stop, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if fields := newPropagator().Fields(); len(fields) != 1 || !strings.Contains(out.String(), "semaphore") {
		t.Error(fields, out.String())
	}
}
