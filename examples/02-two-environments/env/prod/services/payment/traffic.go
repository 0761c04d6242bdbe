package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// sendRequests sends requests to this service, because nobody else calls it. It does so from outside of any trace:
// traces begin on arrival.
func sendRequests(ctx context.Context, rate float64) {
	client := &http.Client{Timeout: 10 * time.Second}
	places := make(chan struct{}, 64)
	pause := time.Duration(min(float64(time.Second)/rate, float64(time.Hour)))
	for number := 1; ; number++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		select {
		case places <- struct{}{}:
			go func() {
				defer func() { <-places }()
				sendRequest(ctx, client, number)
			}()
		default: // so many wait already that another one would say nothing new
		}
	}
}

func sendRequest(ctx context.Context, client *http.Client, number int) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+pathOf(number), nil)
	if err != nil {
		slog.Error("cannot call itself", "error", err)
		return
	}
	tier := "basic"
	if number%10 == 0 {
		tier = "gold"
	}
	request.Header.Set("baggage", "customer.tier="+tier)
	response, err := client.Do(request)
	if err != nil {
		slog.Debug("own request", "error", err)
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
}

func pathOf(number int) string {
	switch {
	case number%20 == 0:
		return "/slow"
	case number%21 == 0:
		return "/error"
	case number%22 == 0:
		return "/work"
	default:
		return "/"
	}
}
