"""OTLP over gRPC. grpcio is imported when it is needed: that takes longer than most commands run."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tracegen.traces import BadSpan
from tracegen.view.receiver import LARGEST, PASSED_OVER, Receiver

_SERVICES = ("trace.v1.TraceService", "logs.v1.LogsService", "metrics.v1.MetricsService")
_THREADS = 4


class CannotListen(Exception):
    """An address cannot be listened on; the text says why."""


class GrpcServer:
    """Receives OTLP over gRPC until it is stopped. Raises CannotListen when the port is taken."""

    def __init__(self, receiver: Receiver, host: str, port: int) -> None:
        import grpc

        # Requests are taken as bytes: the reader of files reads them, and the generated code is not needed.
        handlers = [
            grpc.method_handlers_generic_handler(
                f"opentelemetry.proto.collector.{name}",
                {"Export": grpc.unary_unary_rpc_method_handler(_Export(receiver, name))},
            )
            for name in _SERVICES
        ]
        options = [("grpc.max_receive_message_length", LARGEST), ("grpc.so_reuseport", 0)]
        self._server = grpc.server(ThreadPoolExecutor(_THREADS), options=options)
        self._server.add_generic_rpc_handlers(handlers)
        try:
            self.port: int = self._server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        except RuntimeError as error:
            raise CannotListen(f"{host}:{port} is taken") from error
        if not self.port:
            raise CannotListen(f"{host}:{port} is taken")
        self._server.start()

    def stop(self) -> None:
        """Stop; what is under way is cut off."""
        self._server.stop(0).wait()


class _Export:
    def __init__(self, receiver: Receiver, name: str) -> None:
        self._receiver = receiver
        self._signal = name.partition(".")[0]

    def __call__(self, request: bytes, context: Any) -> bytes:
        if self._signal == "metrics":
            self._receiver.notice(PASSED_OVER)
            return b""
        try:
            self._receiver.take(request, logs=self._signal == "logs")
        except BadSpan as error:
            import grpc

            self._receiver.notice(f"a request was refused: {error}")
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return b""
