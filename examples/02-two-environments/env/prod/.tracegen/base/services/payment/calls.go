package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"example.com/service/tracing"
)

// pathHeader holds the names of the services that a request came through, so that a cycle of calls ends.
const pathHeader = "x-example-path"

// client makes a span of each call, and sends the trace along.
var client = &http.Client{Timeout: 10 * time.Second, Transport: tracing.Transport(nil)}

// callAll calls each callee that the request did not come through already.
func callAll(ctx context.Context, path string) (int, map[string]any) {
	names := slices.DeleteFunc(strings.Split(path, ","), func(name string) bool { return name == "" })
	calls, status := map[string]int{}, http.StatusOK
	for _, callee := range strings.Split(os.Getenv("EXAMPLE_CALLS"), ",") {
		if callee == "" || slices.Contains(names, serviceOf(callee)) {
			continue
		}
		calls[callee] = call(ctx, os.Getenv(callee)+"/", strings.Join(append(names, name), ","))
		if calls[callee] < 200 || calls[callee] > 299 {
			status = http.StatusBadGateway
		}
	}
	slog.InfoContext(ctx, "called", "calls", calls)
	return status, map[string]any{"service": name, "calls": calls}
}

// call is the status of an answer; 0 when there is none.
func call(ctx context.Context, address, path string) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		slog.ErrorContext(ctx, "is no address", "error", err)
		return 0
	}
	request.Header.Set(pathHeader, path)
	response, err := client.Do(request)
	if err != nil {
		slog.WarnContext(ctx, "did not answer", "error", err)
		return 0
	}
	// The span of the call ends when its answer is read to the end.
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

// serviceOf is the name of the service whose address a variable holds.
func serviceOf(variable string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(variable, "_URL")), "_", "-")
}
