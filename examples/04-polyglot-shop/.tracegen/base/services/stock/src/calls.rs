//! Calls the other services.

use std::sync::LazyLock;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use tracing::{info, warn};

use crate::{name, traces, variable};

/// Names of the services that a request came through, so that a cycle of calls ends.
pub const PATH_HEADER: &str = "x-example-path";

static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10));
    client.build().expect("a client can be made")
});

/// Calls each callee that the request did not come through already.
pub async fn call_all(path: &str) -> (StatusCode, Value) {
    let mut names: Vec<String> = path.split(',').map(str::to_owned).collect();
    names.retain(|name| !name.is_empty());
    let onward = [names.clone(), vec![name()]].concat().join(",");
    let (mut calls, mut status) = (Map::new(), StatusCode::OK);
    for callee in variable("EXAMPLE_CALLS", "").split(',') {
        if callee.is_empty() || names.contains(&service_of(callee)) {
            continue;
        }
        let answered = call(&variable(callee, ""), &onward).await;
        if !(200..300).contains(&answered) {
            status = StatusCode::BAD_GATEWAY;
        }
        calls.insert(callee.to_owned(), answered.into());
    }
    info!(number = calls.len(), "called");
    (status, json!({"service": name(), "calls": calls}))
}

/// The status of an answer; 0 when there is none.
async fn call(address: &str, path: &str) -> u16 {
    let request = CLIENT.get(format!("{address}/")).header(PATH_HEADER, path);
    match traces::send(request).await {
        Ok(response) => response.status().as_u16(),
        Err(error) => {
            warn!(%error, "did not answer");
            0
        }
    }
}

/// The name of the service whose address a variable holds.
fn service_of(variable: &str) -> String {
    variable
        .trim_end_matches("_URL")
        .to_lowercase()
        .replace('_', "-")
}
