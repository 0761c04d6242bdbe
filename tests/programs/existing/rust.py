"""axum with a nested router, sqlx and an older reqwest; JSON lines with a trace_id of its own; no way to end."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

from programs.existing import Edit, Existing, run

MANIFEST = """\
[package]
name = "orders"
version = "2.3.0"
edition = "2021"

[dependencies]
anyhow = "1"
axum = "0.8"
reqwest = { version = "0.12", default-features = false, features = ["json"] }
serde = { version = "1", features = ["derive"] }
sqlx = { version = "0.8", default-features = false, features = ["postgres", "runtime-tokio"] }
tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
tracing = "0.1"
tracing-subscriber = { version = "0.3", features = ["env-filter", "json"] }
"""

MAIN = """\
//! The orders of the shop.
use std::{env, time::Duration};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::get,
    Json, Router,
};
use serde::Serialize;
use sqlx::postgres::{PgPool, PgPoolOptions};
use tracing_subscriber::EnvFilter;

#[derive(Clone)]
struct Shop {
    pool: PgPool,
    client: reqwest::Client,
}

#[derive(Serialize)]
struct Order {
    order: i32,
    rows: i32,
    price: u16,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .init();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy(&env::var("DATABASE")?)?;
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .build()?;
    let app = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .nest("/v1", Router::new().route("/orders/{id}", get(read)))
        .with_state(Shop { pool, client });
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{}", env::var("PORT")?)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn read(
    State(shop): State<Shop>,
    Path(order): Path<i32>,
    headers: HeaderMap,
) -> Result<Json<Order>, StatusCode> {
    let correlation = headers
        .get("x-correlation-id")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("-");
    let query = sqlx::query_scalar::<_, i32>("SELECT $1 + 1").bind(order).persistent(false);
    let rows = query.fetch_one(&shop.pool).await.map_err(failed)?;
    let request = shop.client.get(env::var("PRICES_URL").map_err(failed)?);
    let price = request.send().await.map_err(failed)?.status().as_u16();
    tracing::info!(trace_id = correlation, order, "order read");
    Ok(Json(Order { order, rows, price }))
}

fn failed(error: impl std::fmt::Display) -> StatusCode {
    tracing::error!(%error, "order not read");
    StatusCode::BAD_GATEWAY
}
"""

#: What the page words, in the places that this service has for it.
LOGS = """\
    let traces = traces::prepare();
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .map_event_format(traces::with_ids);
    tracing_subscriber::registry()
        .with(traces.layer())
        .with(lines.with_filter(filter))
        .init();
"""
QUERY = """\
    let rows = traces::statement("postgresql", "SELECT $1 + 1", query.fetch_one(&shop.pool));
    let rows = rows.await.map_err(failed)?;
"""
PRICE = "    let price = traces::send(request).await.map_err(failed)?.status().as_u16();"
LAYER = "        .layer(axum::middleware::from_fn(traces::server_span))"


def prepare(folder: Path, cache: Path) -> Mapping[str, str]:
    """The Cargo.lock that the team has; what is compiled of the libraries serves all."""
    kept = cache / "rust-existing"
    if not kept.exists() or (kept / "Cargo.toml").read_text(encoding="utf-8") != MANIFEST:
        run("cargo generate-lockfile --quiet", folder, {})
        kept.mkdir(exist_ok=True)
        for name in ("Cargo.toml", "Cargo.lock"):
            shutil.copy(folder / name, kept)
    shutil.copy(kept / "Cargo.lock", folder)
    return {"CARGO_TARGET_DIR": str(cache / "rust-target")}


def versions(folder: Path, variables: Mapping[str, str]) -> Mapping[str, str]:
    """What the lock file says; a crate may be there in more than one version."""
    del variables
    lock = tomllib.loads((folder / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    return {f"{each['name']} {each['version']}": each["version"] for each in lock}


def build(folder: Path, variables: Mapping[str, str]) -> None:
    """Copied, since the other one is built to the same place."""
    run("cargo build --quiet", folder, variables)
    shutil.copy(Path(variables["CARGO_TARGET_DIR"]) / "debug" / "orders", folder / "service")


SERVICE = Existing(
    language="rust",
    said={"libraries": ["reqwest", "sqlx"]},
    files={"Cargo.toml": MANIFEST, "src/main.rs": MAIN},
    edits=(
        Edit("src/main.rs", text="mod traces;", at="use std::"),
        Edit(
            "src/main.rs",
            text="use tracing_subscriber::{prelude::*, EnvFilter};",
            at="use tracing_sub",
            where="instead",
        ),
        Edit("src/main.rs", text=LOGS, at="tracing_subscriber::fmt()", where="instead", lines=7),
        Edit("src/main.rs", text=LAYER, at=".nest(", where="after"),
        Edit("src/main.rs", text=QUERY, at="query.fetch_one", where="instead"),
        Edit("src/main.rs", text=PRICE, at="request.send()", where="instead"),
    ),
    prepare=prepare,
    versions=versions,
    commands={"orders": ["./service"]},
    adopted={},
    route="GET /v1/orders/{id}",
    spans=((3, "SELECT"), (3, "GET")),
    lines=1,
    times=("timestamp",),
    tools=("cargo", "cc"),
    needs=("postgres",),
    build=build,
    files_first=True,
)
