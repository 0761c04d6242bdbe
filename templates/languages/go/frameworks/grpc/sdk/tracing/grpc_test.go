package tracing

import (
	"context"
	"net"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"
)

var things = grpc.ServiceDesc{
	ServiceName: "shop.Things",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Get",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return &grpc_health_v1.HealthCheckResponse{}, decode(&grpc_health_v1.HealthCheckRequest{})
		},
	}},
}

// connect gives a connection to a server of things, which answers health checks too, and a function that ends both.
func connect(t *testing.T) (connection *grpc.ClientConn, stop func()) {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer(ServerOption())
	server.RegisterService(&things, nil)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	dial := func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
	connection, err := grpc.NewClient("passthrough:///here", DialOption(), grpc.WithContextDialer(dial),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	return connection, func() {
		_ = connection.Close()
		server.GracefulStop() // an answer arrives before the span of the server has ended
	}
}

func TestACallMakesSpansInTheTraceOfItsCaller(t *testing.T) {
	spans := record(t)
	carrier := propagation.MapCarrier{"traceparent": parent, "baggage": "customer.tier=gold"}
	ctx := otel.GetTextMapPropagator().Extract(t.Context(), carrier)
	request, answer := &grpc_health_v1.HealthCheckRequest{}, &grpc_health_v1.HealthCheckResponse{}
	connection, stop := connect(t)
	if err := connection.Invoke(ctx, "/shop.Things/Get", request, answer); err != nil {
		t.Fatal(err)
	}
	stop()
	kinds := map[trace.SpanKind]bool{}
	for _, each := range spans() {
		kinds[each.SpanKind] = each.Name == "shop.Things/Get" && has(each, "customer.tier", "gold") &&
			each.SpanContext.TraceID().String() == parent[3:35]
	}
	if !kinds[trace.SpanKindClient] || !kinds[trace.SpanKindServer] {
		t.Error(kinds)
	}
}

func TestAHealthCheckOverGRPCMakesNone(t *testing.T) {
	spans := record(t)
	connection, stop := connect(t)
	client := grpc_health_v1.NewHealthClient(connection)
	if _, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	stop()
	if found := spans(); len(found) != 0 {
		t.Error(found[0].Name)
	}
}
