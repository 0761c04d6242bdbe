// Package tracing sets up the traces of this service, from the variables in otel.env. It can be copied into any module;
// the go.mod beside it has versions that work together.
//
// It is called once, at the beginning of main:
//
//	slog.SetDefault(tracing.NewLogger(os.Stdout))
//	stop, err := tracing.Start(ctx)
//	if err != nil {
//		slog.Error("this service runs without traces", "error", err)
//	}
//	defer stop() // after the server has ended: sends the last spans
//
// The server serves tracing.Handler(mux).
// Requests go out through &http.Client{Transport: tracing.Transport(nil)}, with the context of the request that
// they are made for: http.NewRequestWithContext(ctx, ...).
//
// A span of your own, with an attribute and an event:
//
//	var tracer = otel.Tracer("orders")
//
//	ctx, span := tracer.Start(ctx, "load order")
//	defer span.End()
//	span.SetAttributes(attribute.String("order.id", id))
//	span.AddEvent("cache.miss")
//
// An error that makes the current span a failure, and a log line that is found from its trace:
//
//	tracing.RecordError(ctx, err)
//	slog.InfoContext(ctx, "loaded")
//
// Baggage, which travels to all services that are called from here on:
//
//	tier := baggage.FromContext(ctx).Member("customer.tier").Value()
//	member, err := baggage.NewMemberRaw("customer.tier", "gold")
//	bag, err := baggage.FromContext(ctx).SetMember(member)
//	ctx = baggage.ContextWithBaggage(ctx, bag)
//
// Goroutines get ctx as an argument, or context.WithoutCancel(ctx) when they outlive the request. Messages carry
// the context in their headers:
//
//	headers := propagation.MapCarrier{}
//	otel.GetTextMapPropagator().Inject(ctx, headers)       // where the message is sent
//	ctx = otel.GetTextMapPropagator().Extract(ctx, headers) // where it is received
package tracing

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/processors/baggagecopy"
	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/contrib/samplers/jaegerremote"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// sendTimeout is how long the end of the process may wait for a collector that does not answer.
const sendTimeout = 5 * time.Second

// Start makes spans from here on. The function that it returns sends what is left, in at most 5 seconds; it is never
// nil. An error says that no spans are sent: the service works without them, and still passes on the context.
func Start(ctx context.Context) (stop func(), err error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		slog.Warn("tracing", "error", err.Error())
	}))
	otel.SetTextMapPropagator(autoprop.NewTextMapPropagator()) // OTEL_PROPAGATORS

	// OTEL_TRACES_EXPORTER and OTEL_EXPORTER_OTLP_*
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return func() {}, fmt.Errorf("no exporter for traces: %w", err)
	}
	provider := newProvider(newResource(ctx), exporter)
	otel.SetTracerProvider(provider)
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			otel.Handle(fmt.Errorf("the last spans were not sent: %w", err))
		}
	}, nil
}

func newResource(ctx context.Context) *resource.Resource {
	found, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "api")),
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithFromEnv(), // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES: later ones win
	)
	if err != nil {
		otel.Handle(err) // a part could not be found out; the others are there
	}
	return found
}

func newProvider(from *resource.Resource, exporter sdktrace.SpanExporter) *sdktrace.TracerProvider {
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(from),
		sdktrace.WithSpanProcessor(baggagecopy.NewSpanProcessor(isCopied(os.Getenv("TRACING_BAGGAGE_KEYS")))),
	}
	if !autoexport.IsNoneSpanExporter(exporter) {
		options = append(options, sdktrace.WithBatcher(exporter)) // OTEL_BSP_*
	}
	if sampler := remoteSampler(from); sampler != nil {
		options = append(options, sdktrace.WithSampler(sampler))
	}
	return sdktrace.NewTracerProvider(options...)
}

// remoteSampler is the sampler that asks the server in OTEL_TRACES_SAMPLER_ARG, when OTEL_TRACES_SAMPLER names it.
// The SDK does not know that one, but all others.
func remoteSampler(from *resource.Resource) sdktrace.Sampler {
	const variable = "OTEL_TRACES_SAMPLER"
	kind := strings.ToLower(strings.TrimSpace(os.Getenv(variable)))
	if kind != "jaeger_remote" && kind != "parentbased_jaeger_remote" {
		return nil
	}
	// Otherwise the SDK reads it as well, and complains that it has no such sampler.
	if err := os.Unsetenv(variable); err != nil {
		otel.Handle(err)
	}
	service, _ := from.Set().Value("service.name")
	sampler := jaegerremote.New(service.AsString(),
		jaegerremote.WithLogger(logr.FromSlogHandler(slog.Default().Handler())))
	if kind == "jaeger_remote" {
		return sampler
	}
	return sdktrace.ParentBased(sampler)
}

// isCopied allows the named entries only: baggage may hold anything that a caller liked to say.
func isCopied(keys string) baggagecopy.Filter {
	copied := map[string]bool{}
	for key := range strings.SplitSeq(keys, ",") {
		copied[strings.TrimSpace(key)] = true
	}
	return func(member baggage.Member) bool { return copied[member.Key()] }
}

// RecordError marks the current span as failed, with the error as its exception. Call it once, where the error ends.
func RecordError(ctx context.Context, err error) {
	span := trace.SpanFromContext(ctx)
	span.RecordError(err, trace.WithStackTrace(true))
	span.SetStatus(codes.Error, err.Error())
	span.SetAttributes(attribute.String("error.type", fmt.Sprintf("%T", err)))
}

// NewLogger writes JSON, one object a line, with the trace_id and span_id of the context that a line is logged with.
func NewLogger(out io.Writer) *slog.Logger {
	return slog.New(LogHandler(slog.NewJSONHandler(out, nil)))
}

// LogHandler adds trace_id and span_id to what a handler of yours writes.
func LogHandler(next slog.Handler) slog.Handler {
	return logHandler{next}
}

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record = record.Clone() // others may hold the same record
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

func (h logHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attributes)}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name)}
}
