package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"example.com/service/tracing"
)

// newServer answers gRPC and HTTP on one port, so that services in any language can call it.
func newServer() (*http.Server, error) {
	calls := grpc.NewServer(tracing.ServerOption())
	calls.RegisterService(&itemService, nil)
	grpc_health_v1.RegisterHealthServer(calls, health.NewServer())

	connection, err := grpc.NewClient("127.0.0.1:"+port, tracing.DialOption(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	requests := tracing.Handler(endpoints(func(ctx context.Context, id string) (item, error) {
		return callGet(ctx, connection, id)
	}))

	server := &http.Server{Addr: ":" + port, ReadHeaderTimeout: 5 * time.Second, Protocols: &http.Protocols{}}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	server.Handler = http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		if request.ProtoMajor == 2 && strings.HasPrefix(request.Header.Get("Content-Type"), "application/grpc") {
			calls.ServeHTTP(writer, request)
			return
		}
		requests.ServeHTTP(writer, request)
	})
	return server, nil
}
