//! A service as teams have them: axum without a graceful shutdown, or with one of its own.

mod traces;

use axum::{Router, middleware, routing::get};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() {
    let traces = traces::start();
    let router = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/items/{id}", get(async || "an item"))
        .layer(middleware::from_fn(traces::server_span));
    let port = std::env::var("PORT").expect("PORT");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))
        .await
        .expect("a port");
    let told = async {
        let mut told = signal(SignalKind::terminate()).expect("signals");
        told.recv().await;
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    };
    let server = axum::serve(listener, router);
    if std::env::var("ENDS").is_ok() {
        let ended = server.with_graceful_shutdown(told).await;
        traces.stop().await;
        println!("ended in its own way: {ended:?}");
    } else {
        server.await.expect("it serves");
    }
}
