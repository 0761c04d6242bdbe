"""chi with a subrouter, database/sql, Kafka; slog with a trace_id of its own, and zap; it ends by log.Fatal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from programs.existing import Edit, Existing, run

PACKAGES = {
    "github.com/go-chi/chi/v5": "v5.5.0",
    "github.com/jackc/pgx/v5": "v5.13.0",
    "github.com/twmb/franz-go": "v1.22.3",
    "go.uber.org/zap": "v1.28.0",
}
MANIFEST = "\n".join(
    [
        "module acme.example/orders",
        "",
        "go 1.26.0",
        "",
        *(f"require {each} {PACKAGES[each]}" for each in PACKAGES),
        "",
    ]
)

MAIN = """\
package main

import (
	"database/sql"
	"encoding/json"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"acme.example/orders/internal/orders"
)

func main() {
	level := new(slog.LevelVar)
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: level})))
	workers, err := zap.NewProduction(zap.WithCaller(false))
	if err != nil {
		log.Fatal(err)
	}
	db, err := sql.Open("pgx", os.Getenv("DATABASE")+"&default_query_exec_mode=exec")
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	kafka, err := kgo.NewClient(
		kgo.SeedBrokers(os.Getenv("BROKER")),
		kgo.DefaultProduceTopic(os.Getenv("TOPIC")),
		kgo.ConsumerGroup(os.Getenv("GROUP")),
		kgo.ConsumeTopics(os.Getenv("TOPIC")),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		log.Fatal(err)
	}
	service := &orders.Service{
		DB:     db,
		Kafka:  kafka,
		Prices: &http.Client{
			Timeout: 5 * time.Second,
		},
	}
	go orders.Reserve(kafka, workers)

	router := chi.NewRouter()
	router.Use(middleware.Recoverer)
	router.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) })
	router.Route("/v1", func(v1 chi.Router) {
		v1.Use(middleware.NoCache)
		v1.Get("/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
			id, err := strconv.Atoi(chi.URLParam(r, "id"))
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			found, err := service.Read(r.Context(), id, r.Header.Get("X-Correlation-Id"))
			if err != nil {
				slog.ErrorContext(r.Context(), "order not read", "error", err)
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(found)
		})
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), router))
}
"""

ORDERS = """\
package orders

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
)

type Service struct {
	DB     *sql.DB
	Kafka  *kgo.Client
	Prices *http.Client
}

type Order struct {
	Order int `json:"order"`
	Rows  int `json:"rows"`
	Price int `json:"price"`
}

func (s *Service) Read(ctx context.Context, id int, correlation string) (*Order, error) {
	found := &Order{Order: id}
	if err := s.DB.QueryRowContext(ctx, "SELECT $1::int + 1", id).Scan(&found.Rows); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("PRICES_URL"), nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.Prices.Do(request)
	if err != nil {
		return nil, err
	}
	answer.Body.Close()
	found.Price = answer.StatusCode
	value, err := json.Marshal(found)
	if err != nil {
		return nil, err
	}
	if err := s.Kafka.ProduceSync(ctx, &kgo.Record{Value: value}).FirstErr(); err != nil {
		return nil, err
	}
	slog.InfoContext(ctx, "order read", "trace_id", correlation, "order", id)
	return found, nil
}

// Reserve works on what was ordered, for ever.
func Reserve(kafka *kgo.Client, log *zap.Logger) {
	for {
		fetches := kafka.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		fetches.EachRecord(func(record *kgo.Record) {
			var order Order
			if err := json.Unmarshal(record.Value, &order); err != nil {
				log.Error("not an order", zap.Error(err))
				return
			}
			log.Info("reserved", zap.String("correlation", "worker"), zap.Int("order", order.Order))
		})
	}
}
"""

#: What the page words, in the places that this service has for it.
IMPORT = '\t"acme.example/orders/tracing"'
DATABASE = '\tdb, err := tracing.OpenDB("pgx", os.Getenv("DATABASE")+"&default_query_exec_mode=exec")'
LOGGER = """\
	jsonLines := slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: level})
	slog.SetDefault(slog.New(tracing.LogHandler(jsonLines)))
"""
SERVER = '\tlog.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), {block}))'
WORK = """\
			ctx, span := tracing.ProcessRecord(record)
			defer span.End()
			log := log.Sugar().With(tracing.LogArgs(ctx)...).Desugar()
			log.Info("reserved", zap.String("correlation", "worker"), zap.Int("order", order.Order))
"""


def prepare(folder: Path, cache: Path) -> Mapping[str, str]:
    """The go.sum that the team has, and the go.mod with what stands behind its modules."""
    variables = {"CGO_ENABLED": "0"}
    kept = cache / "go-existing"
    if not kept.exists() or (kept / "asked").read_text(encoding="utf-8") != MANIFEST:
        run("go mod tidy", folder, variables)
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        for name in ("go.mod", "go.sum"):
            shutil.copy(folder / name, kept)
        (kept / "asked").write_text(MANIFEST, encoding="utf-8")
    for name in ("go.mod", "go.sum"):
        shutil.copy(kept / name, folder)
    return variables


def versions(folder: Path, variables: Mapping[str, str]) -> Mapping[str, str]:
    """What the service asks for itself; what stands behind that is raised by Go where new modules ask for more."""
    listed = run("go mod edit -json", folder, variables)
    return {each["Path"]: each["Version"] for each in json.loads(listed)["Require"] if not each.get("Indirect")}


def build(folder: Path, variables: Mapping[str, str]) -> None:
    """As in its Dockerfile."""
    run("go vet ./... && go build -trimpath -o orders .", folder, variables)


SERVICE = Existing(
    language="go",
    said={"libraries": ["database/sql", "franz-go"]},
    files={"go.mod": MANIFEST, "main.go": MAIN, "internal/orders/orders.go": ORDERS},
    edits=(
        Edit("main.go", text=IMPORT, at='"acme.example/orders/internal', where="after"),
        Edit("main.go", text='\t"context"', at='"database/sql"', where="instead"),
        Edit("main.go", "go", 0, at="level := new", indent="\t"),
        Edit("main.go", text=LOGGER, at="slog.SetDefault", where="instead"),
        Edit("main.go", text=DATABASE, at="sql.Open", where="instead"),
        Edit("main.go", text="\t\ttracing.KafkaHooks(),", at="kgo.SeedBrokers"),
        Edit("main.go", "go", 4, at="Timeout:", where="after", indent="\t\t\t"),
        Edit("main.go", "go", 1, text=SERVER, at="log.Fatal(http", where="instead"),
        Edit("internal/orders/orders.go", text=WORK, at='log.Info("reserved"', where="instead"),
        Edit("internal/orders/orders.go", text=IMPORT, at='"go.uber.org/zap"', where="after"),
    ),
    prepare=prepare,
    versions=versions,
    commands={"orders": ["./orders"]},
    adopted={},
    route="GET /v1/orders/{id}",
    spans=((3, "SELECT"), (3, "GET"), (4, "orders"), (5, "orders")),
    times=("time", "ts"),
    tools=("go",),
    needs=("postgres", "kafka"),
    build=build,
    files_first=True,
)
