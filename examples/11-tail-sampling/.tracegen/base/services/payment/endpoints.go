package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"example.com/service/tracing"
)

// endpoints are what this service answers over HTTP.
func endpoints(find func(context.Context, string) (item, error)) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+healthPath, func(writer http.ResponseWriter, _ *http.Request) {
		answer(writer, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /{$}", func(writer http.ResponseWriter, request *http.Request) {
		status, body := callAll(request.Context(), request.Header.Get(pathHeader))
		answer(writer, status, body)
	})
	mux.HandleFunc("GET /items/{id}", func(writer http.ResponseWriter, request *http.Request) {
		found, err := find(request.Context(), request.PathValue("id"))
		answerOr(writer, request, http.StatusOK, found, err)
	})
	mux.HandleFunc("GET /slow", func(writer http.ResponseWriter, request *http.Request) {
		beSlow(request.Context())
		answer(writer, http.StatusOK, map[string]float64{"seconds": slowness.Seconds()})
	})
	mux.HandleFunc("GET /error", func(writer http.ResponseWriter, request *http.Request) {
		answerOr(writer, request, http.StatusOK, nil, fail(request.Context()))
	})
	mux.HandleFunc("GET /work", func(writer http.ResponseWriter, request *http.Request) {
		answerOr(writer, request, http.StatusAccepted, map[string]bool{"sent": true}, sendWork(request.Context()))
	})
	mux.HandleFunc("GET /baggage", func(writer http.ResponseWriter, request *http.Request) {
		answer(writer, http.StatusOK, incomingBaggage(request.Context()))
	})
	return mux
}

// answerOr answers 500 when there is an error, and puts it onto the span of the request.
func answerOr(writer http.ResponseWriter, request *http.Request, status int, body any, err error) {
	if err != nil {
		slog.ErrorContext(request.Context(), "failed", "error", err)
		tracing.RecordError(request.Context(), err)
		status, body = http.StatusInternalServerError, map[string]string{"error": err.Error()}
	}
	answer(writer, status, body)
}

func answer(writer http.ResponseWriter, status int, body any) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(status)
	if err := json.NewEncoder(writer).Encode(body); err != nil {
		slog.Warn("an answer did not arrive", "error", err)
	}
}
