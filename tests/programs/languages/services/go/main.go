// A service as teams have them, from before it was traced but for four lines: a router of its own, and no shutdown.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v4"

	"acme.example/shop/ledger/internal/tracing"
)

func main() {
	ctx := context.Background()
	if os.Getenv("ENDS") == "context" {
		var release func()
		ctx, release = signal.NotifyContext(ctx, syscall.SIGTERM)
		defer release()
	}
	stop, err := tracing.Start(ctx)
	if err != nil {
		log.Print(err)
	}
	defer stop()
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Handler: handler(os.Getenv("ROUTER"))}
	ended := make(chan os.Signal, 1)
	switch os.Getenv("ENDS") {
	case "context":
		go server.ListenAndServe()
		<-ctx.Done()
	case "channel":
		signal.Notify(ended, syscall.SIGTERM)
		go server.ListenAndServe()
		<-ended
	default:
		log.Fatal(server.ListenAndServe())
	}
	time.Sleep(1500 * time.Millisecond) // until no load balancer sends requests any more
	log.Print(server.Shutdown(context.Background()))
	log.Print("ended in its own way")
}

func answer(http.ResponseWriter, *http.Request) {}

func handler(router string) http.Handler {
	switch router {
	case "chi":
		router := chi.NewRouter()
		router.Get("/healthz", answer)
		router.Get("/items/{id}", answer)
		return tracing.Handler(router, func(r *http.Request) string {
			return router.Find(chi.NewRouteContext(), r.Method, r.URL.Path)
		})
	case "gorilla":
		router := mux.NewRouter()
		router.HandleFunc("/healthz", answer)
		router.HandleFunc("/items/{id}", answer)
		return tracing.Handler(router, func(r *http.Request) string {
			var match mux.RouteMatch
			if !router.Match(r, &match) || match.Route == nil {
				return ""
			}
			route, _ := match.Route.GetPathTemplate()
			return route
		})
	case "echo":
		e := echo.New()
		empty := func(c echo.Context) error { return c.NoContent(http.StatusOK) }
		e.GET("/healthz", empty)
		e.GET("/items/:id", empty)
		return tracing.Handler(e, func(r *http.Request) string {
			c := e.NewContext(r, nil)
			e.Router().Find(r.Method, r.URL.Path, c)
			return c.Path()
		})
	default:
		mux := http.NewServeMux()
		mux.HandleFunc("GET /healthz", answer)
		mux.HandleFunc("GET /items/{id}", answer)
		if router == "wrapped" {
			return tracing.Handler(http.TimeoutHandler(mux, time.Second, ""), tracing.RouteOf(mux))
		}
		return tracing.Handler(mux)
	}
}
