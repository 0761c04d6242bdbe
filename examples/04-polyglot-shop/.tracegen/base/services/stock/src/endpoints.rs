//! What this service answers over HTTP.

use std::error::Error;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde_json::{Value, json};

use crate::{calls, health_path, traces, work};

pub fn router(queue: work::Queue) -> Router {
    Router::new()
        .route(&health_path(), get(async || Json(json!({"status": "ok"}))))
        .route("/", get(home))
        .route("/items/{id}", get(item))
        .route("/slow", get(slow))
        .route("/error", get(error))
        .route("/work", get(send_work))
        .route("/baggage", get(baggage))
        .layer(middleware::from_fn(traces::server_span))
        .with_state(queue)
}

async fn home(headers: HeaderMap) -> (StatusCode, Json<Value>) {
    let path = headers.get(calls::PATH_HEADER);
    let path = path.and_then(|value| value.to_str().ok()).unwrap_or("");
    let (status, body) = calls::call_all(path).await;
    (status, Json(body))
}

async fn item(Path(id): Path<String>) -> Json<Value> {
    Json(work::find_item(&id).await)
}

async fn slow() -> Json<Value> {
    Json(work::be_slow().await)
}

async fn error() -> Result<(), Failure<work::AlwaysFails>> {
    work::fail().await.map_err(Failure)
}

async fn send_work(State(queue): State<work::Queue>) -> Result<Response, Failure<work::QueueFull>> {
    work::send_work(&queue).await.map_err(Failure)?;
    Ok((StatusCode::ACCEPTED, Json(json!({"sent": true}))).into_response())
}

async fn baggage() -> Json<Value> {
    Json(work::incoming_baggage())
}

/// An error that ends a request: it is answered by 500, and is the exception of the request's span.
struct Failure<E>(E);

impl<E: Error> IntoResponse for Failure<E> {
    fn into_response(self) -> Response {
        traces::record_error(&self.0);
        tracing::error!(error = %self.0, "failed");
        let body = Json(json!({"error": self.0.to_string()}));
        (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
    }
}
