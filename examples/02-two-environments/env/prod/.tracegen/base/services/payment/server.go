package main

import (
	"net/http"
	"time"

	"example.com/service/tracing"
)

func newServer() (*http.Server, error) {
	return &http.Server{
		Addr:              ":" + port,
		Handler:           tracing.Handler(endpoints(findItem)),
		ReadHeaderTimeout: 5 * time.Second,
	}, nil
}
