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
// At SIGTERM and at an interrupt the last spans are sent too. When the context that Start was given ends with the
// signal, as that of signal.NotifyContext does, the service ends in its own way; otherwise the signal ends it then, as
// it would have without tracing.
//
// The server serves tracing.Handler(mux). Another router, or a mux within other handlers, comes with a function that
// tells the route of a request:
//
//	tracing.Handler(wrapped, tracing.RouteOf(mux)) // an *http.ServeMux
//	tracing.Handler(router, func(r *http.Request) string { // chi
//		return router.Find(chi.NewRouteContext(), r.Method, r.URL.Path)
//	})
//	tracing.Handler(router, func(r *http.Request) string { // gorilla/mux
//		var match mux.RouteMatch
//		if !router.Match(r, &match) || match.Route == nil {
//			return ""
//		}
//		route, _ := match.Route.GetPathTemplate()
//		return route
//	})
//	tracing.Handler(e, func(r *http.Request) string { // echo
//		c := e.NewContext(r, nil)
//		e.Router().Find(r.Method, r.URL.Path, c)
//		return c.Path()
//	})
//
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
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/contrib/processors/baggagecopy"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// sendTimeout is how long the end of the process may wait for a collector that does not answer; with it, the end takes
// less than 5 seconds.
const sendTimeout = 4500 * time.Millisecond

// noticeTime is how long the context of Start may take to end after a signal that ends it.
const noticeTime = time.Second

// Start makes spans from here on. The function that it returns sends what is left, in at most 5 seconds; it is never
// nil. An error says that no spans are sent: the service works without them, and still passes on the context.
func Start(ctx context.Context) (stop func(), err error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		slog.Warn("tracing", "error", err.Error())
	}))
	otel.SetLogger(logr.FromSlogHandler(slog.Default().Handler()))
	otel.SetTextMapPropagator(newPropagator())

	exporter, err := newExporter(ctx)
	if err != nil {
		return func() {}, fmt.Errorf("no exporter for traces: %w", err)
	}
	provider := newProvider(newResource(ctx), exporter)
	otel.SetTracerProvider(provider)
	stopped := make(chan struct{})
	sendAtSignals(ctx, provider, stopped)
	return sync.OnceFunc(func() {
		close(stopped)
		sendLast(provider.Shutdown)
	}), nil
}

func sendLast(send func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	if err := send(ctx); err != nil {
		otel.Handle(fmt.Errorf("the last spans were not sent: %w", err))
	}
}

// sendAtSignals sends what is left when the process is told to end: the usual log.Fatal(server.ListenAndServe()) ends
// without running what was deferred.
func sendAtSignals(ctx context.Context, provider *sdktrace.TracerProvider, stopped <-chan struct{}) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		defer signal.Stop(signals)
		var first os.Signal
		select {
		case first = <-signals:
		case <-stopped:
			return
		}
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			sendLast(provider.ForceFlush)
		}()
		select {
		case <-sent:
		case <-signals: // somebody is in a hurry
		}
		if !endsItself(ctx, stopped) {
			signal.Stop(signals)
			raise(first)
		}
	}()
}

// endsItself tells whether the service has noticed a signal: the context that it gave has ended.
func endsItself(ctx context.Context, stopped <-chan struct{}) bool {
	if ctx.Done() == nil {
		return false
	}
	select {
	case <-ctx.Done():
		return true
	case <-stopped:
		return true
	case <-time.After(noticeTime):
		return false
	}
}

// raise gives a signal the effect that it has when nobody listens to it.
func raise(what os.Signal) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil || self.Signal(what) != nil {
		os.Exit(1) // Windows sends no signals
	}
}

// newExporter is what OTEL_TRACES_EXPORTER and OTEL_EXPORTER_OTLP_* say; nil when nothing is to be sent.
func newExporter(ctx context.Context) (sdktrace.SpanExporter, error) {
	switch name := variable("OTEL_TRACES_EXPORTER", "otlp"); name {
	case "none":
		return nil, nil
	case "console":
		return stdouttrace.New()
	case "otlp":
	default:
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER is %q: otlp, console and none are known", name)
	}
	protocol := variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", variable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"))
	switch protocol {
	case "grpc":
		return otlptracegrpc.New(ctx)
	case "http/protobuf":
		return otlptracehttp.New(ctx)
	default:
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q: http/protobuf and grpc are known", protocol)
	}
}

// newPropagator is what OTEL_PROPAGATORS says, of those that this service was made for.
func newPropagator() propagation.TextMapPropagator {
	var found []propagation.TextMapPropagator
	for name := range strings.SplitSeq(variable("OTEL_PROPAGATORS", "tracecontext,baggage"), ",") {
		switch name = strings.TrimSpace(name); name {
		case "tracecontext":
			found = append(found, propagation.TraceContext{})
		case "baggage":
			found = append(found, propagation.Baggage{})
		case "none", "":
		default:
			otel.Handle(fmt.Errorf("OTEL_PROPAGATORS: %s is not among the propagators of the spec", name))
		}
	}
	return propagation.NewCompositeTextMapPropagator(found...)
}

func variable(name, otherwise string) string {
	if value := strings.TrimSpace(os.Getenv(name)); value != "" {
		return value
	}
	return otherwise
}

func newResource(ctx context.Context) *resource.Resource {
	found, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "payment")),
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
	if exporter != nil {
		options = append(options, sdktrace.WithBatcher(exporter)) // OTEL_BSP_*
	}
	return sdktrace.NewTracerProvider(options...)
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

// LogArgs are trace_id and span_id with their values, for loggers that do not take a context: log.With(LogArgs(ctx)...)
// of zap's sugar or hclog, WithValues of logr, Fields(LogArgs(ctx)) of zerolog. There are none outside of a span.
func LogArgs(ctx context.Context) []any {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return nil
	}
	return []any{"trace_id", span.TraceID().String(), "span_id", span.SpanID().String()}
}

// LogHandler adds trace_id and span_id to what a handler of yours writes, where a line has none of its own.
func LogHandler(next slog.Handler) slog.Handler {
	return logHandler{Handler: next}
}

type logHandler struct {
	slog.Handler
	attributes []slog.Attr // that all lines have
}

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if args := LogArgs(ctx); args != nil {
		taken := map[string]bool{}
		note := func(attribute slog.Attr) bool { taken[attribute.Key] = true; return true }
		record.Attrs(note)
		for _, attribute := range h.attributes {
			note(attribute)
		}
		record = record.Clone() // others may hold the same record
		for pair := range slices.Chunk(args, 2) {
			if !taken[pair[0].(string)] {
				record.Add(pair...)
			}
		}
	}
	return h.Handler.Handle(ctx, record)
}

func (h logHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attributes), slices.Concat(h.attributes, attributes)}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{Handler: h.Handler.WithGroup(name)}
}
