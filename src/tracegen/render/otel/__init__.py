"""What the configurations of programs share that are built on the OpenTelemetry Collector: Jaeger, Tempo, its own."""
