"""Tests that need real programs (Jaeger, the Collector, a Kubernetes API server, …), and what they share."""
