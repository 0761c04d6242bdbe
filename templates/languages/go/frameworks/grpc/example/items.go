package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const getItem = "/example.Items/Get"

// itemService is what protoc-gen-go-grpc would write of
//
//	service Items { rpc Get(google.protobuf.StringValue) returns (google.protobuf.StringValue); }
//
// in the package example: so small a service needs no generated code.
var itemService = grpc.ServiceDesc{
	ServiceName: "example.Items",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Get",
		Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			id := &wrapperspb.StringValue{}
			if err := decode(id); err != nil {
				return nil, err
			}
			found, err := findItem(ctx, id.GetValue())
			if err != nil {
				return nil, status.Error(codes.Internal, err.Error())
			}
			return wrapperspb.String(found.ID), nil
		},
	}},
}

// callGet asks this service itself, over gRPC: client and server span stand in the trace of the request.
func callGet(ctx context.Context, connection *grpc.ClientConn, id string) (item, error) {
	found := &wrapperspb.StringValue{}
	if err := connection.Invoke(ctx, getItem, wrapperspb.String(id), found); err != nil {
		return item{}, err
	}
	return item{found.GetValue()}, nil
}
