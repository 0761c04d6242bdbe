package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"example.com/service/tracing"
)

const slowness = 1500 * time.Millisecond

var (
	tracer = otel.Tracer("example")

	errAlways    = errors.New("this always fails")
	errQueueFull = errors.New("the queue is full")
)

type item struct {
	ID string `json:"item"`
}

// findItem has a span of its own, with an attribute and an event.
func findItem(ctx context.Context, id string) (item, error) {
	ctx, span := tracer.Start(ctx, "find item")
	defer span.End()
	span.SetAttributes(attribute.String("item.id", id))
	span.AddEvent("item.found", trace.WithAttributes(attribute.Int("item.shelf", len(id))))
	slog.InfoContext(ctx, "found an item")
	return item{id}, nil
}

// beSlow spends its time in a span of its own, where it is seen.
func beSlow(ctx context.Context) {
	ctx, span := tracer.Start(ctx, "wait")
	defer span.End()
	select {
	case <-time.After(slowness):
	case <-ctx.Done():
	}
	slog.InfoContext(ctx, "was slow")
}

// fail has a span that fails; whoever answers the request records the error as the exception of the request's span.
func fail(ctx context.Context) error {
	ctx, span := tracer.Start(ctx, "try")
	defer span.End()
	slog.InfoContext(ctx, "will fail")
	span.SetStatus(codes.Error, errAlways.Error())
	return errAlways
}

// incomingBaggage is what the callers said.
func incomingBaggage(ctx context.Context) map[string]string {
	entries := map[string]string{}
	for _, member := range baggage.FromContext(ctx).Members() {
		entries[member.Key()] = member.Value()
	}
	slog.InfoContext(ctx, "read baggage", "entries", len(entries))
	return entries
}

// message is one of a queue: the context travels in its headers.
type message struct {
	headers propagation.MapCarrier
	text    string
}

var messages = make(chan message, 100)

// sendWork puts a message on the queue; what is done with it belongs to the same trace.
func sendWork(ctx context.Context) error {
	ctx, span := tracer.Start(ctx, "send work", trace.WithSpanKind(trace.SpanKindProducer))
	defer span.End()
	ctx, err := withBaggage(ctx, "work.origin", name)
	if err != nil {
		tracing.RecordError(ctx, err)
		return err
	}
	headers := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, headers)
	select {
	case messages <- message{headers, "some work"}:
		slog.InfoContext(ctx, "sent work")
		return nil
	default:
		tracing.RecordError(ctx, errQueueFull)
		return errQueueFull
	}
}

// withBaggage tells something to everybody who is called from here on.
func withBaggage(ctx context.Context, key, value string) (context.Context, error) {
	member, err := baggage.NewMemberRaw(key, value)
	if err != nil {
		return ctx, err
	}
	bag, err := baggage.FromContext(ctx).SetMember(member)
	return baggage.ContextWithBaggage(ctx, bag), err
}

// startWorker takes messages from the queue, until the function that it returns is called and the queue is empty.
func startWorker() (stop func()) {
	stopped := make(chan struct{})
	var worker sync.WaitGroup
	worker.Go(func() {
		for {
			select {
			case each := <-messages:
				processWork(each)
				continue
			default:
			}
			select {
			case each := <-messages:
				processWork(each)
			case <-stopped:
				return
			}
		}
	})
	return func() {
		close(stopped)
		worker.Wait()
	}
}

// processWork goes on with the trace in which the message was sent.
func processWork(each message) {
	ctx := otel.GetTextMapPropagator().Extract(context.Background(), each.headers)
	ctx, span := tracer.Start(ctx, "process work", trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	var workers sync.WaitGroup
	workers.Go(func() { finishWork(ctx, each.text) }) // a goroutine gets the context handed
	workers.Wait()
}

func finishWork(ctx context.Context, text string) {
	ctx, span := tracer.Start(ctx, "finish work")
	defer span.End()
	slog.InfoContext(ctx, "did "+text)
}
