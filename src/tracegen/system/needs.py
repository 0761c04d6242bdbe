"""What stubs may be asked for: names of propagators, a remote sampler, and OTLP over gRPC."""

PROPAGATORS = ("tracecontext", "baggage", "b3", "b3multi", "jaeger")
REMOTE_SAMPLING, GRPC = "remote_sampling", "otlp_grpc"
