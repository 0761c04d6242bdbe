// An example service, until this one has its own code. Replace all but the folder tracing.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"example.com/service/tracing"
)

// stopTimeout is how long requests may take that are under way when the process is told to end.
const stopTimeout = 4 * time.Second

var (
	name       = variable("OTEL_SERVICE_NAME", "example")
	port       = variable("PORT", "8080")
	healthPath = variable("TRACING_HEALTH_PATH", "/healthz")
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "health" {
		os.Exit(checkHealth())
	}
	slog.SetDefault(tracing.NewLogger(os.Stdout))
	if err := run(context.Background()); err != nil {
		slog.Error("ends", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ctx, release := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer release()
	stopTracing, err := tracing.Start(ctx)
	if err != nil {
		slog.Error("this service runs without traces", "error", err)
	}
	defer stopTracing()

	server, err := newServer()
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	stopWorker := startWorker()
	if rate, err := strconv.ParseFloat(variable("EXAMPLE_REQUESTS_PER_SECOND", "0"), 64); err == nil && rate > 0 {
		go sendRequests(ctx, rate)
	}
	slog.Info("listens", "port", port)

	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	release() // a second signal ends the process at once
	slog.Info("is told to end")
	waiting, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := server.Shutdown(waiting); err != nil {
		slog.Warn("requests were cut off", "error", errors.Join(err, server.Close()))
	}
	stopWorker()
	return nil
}

// checkHealth is the health check of the image, which has no other program.
func checkHealth() int {
	client := &http.Client{Timeout: 3 * time.Second}
	response, err := client.Get("http://127.0.0.1:" + port + healthPath)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, response.Status)
		return 1
	}
	return 0
}

func variable(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
