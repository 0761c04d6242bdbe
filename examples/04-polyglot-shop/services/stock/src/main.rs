//! An example service, until this one has its own code. Replace all but the file traces.rs.

mod calls;
mod endpoints;
mod traces;
mod traffic;
mod work;

use std::env;
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

/// How long requests may take that are under way when the process is told to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some("health") {
        return health();
    }
    let traces = traces::start();
    let served = serve().await;
    if let Err(error) = &served {
        error!(error, "ends");
    }
    traces.stop().await;
    if served.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("0.0.0.0", port().parse()?)).await?;
    let (queue, worker) = work::start();
    let traffic = tokio::spawn(traffic::send_requests());
    info!(port = port(), "listens");
    let server =
        axum::serve(listener, endpoints::router(queue)).with_graceful_shutdown(told_to_end());
    tokio::select! {
        ended = server.into_future() => ended?,
        () = async { told_to_end().await; tokio::time::sleep(STOP_TIMEOUT).await } => warn!("requests were cut off"),
    }
    traffic.abort();
    // The queue has no sender any more: the worker ends when it is empty.
    if tokio::time::timeout(Duration::from_secs(1), worker)
        .await
        .is_err()
    {
        warn!("work was cut off");
    }
    Ok(())
}

/// Waits for SIGTERM or SIGINT.
async fn told_to_end() {
    let mut ends = [SignalKind::terminate(), SignalKind::interrupt()]
        .map(|kind| signal(kind).expect("signals"));
    let [terminate, interrupt] = &mut ends;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// The health check of the image, which has no other program.
fn health() -> ExitCode {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{}", port()))?;
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        write!(stream, "GET {} HTTP/1.0\r\n\r\n", health_path())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    match asked() {
        Ok(answer) if answer.contains(" 200 ") => ExitCode::SUCCESS,
        other => {
            eprintln!("{other:?}");
            ExitCode::FAILURE
        }
    }
}

pub fn name() -> String {
    variable("OTEL_SERVICE_NAME", "example")
}

pub fn port() -> String {
    variable("PORT", "8080")
}

pub fn health_path() -> String {
    variable("TRACING_HEALTH_PATH", "/healthz")
}

pub fn variable(name: &str, otherwise: &str) -> String {
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| otherwise.to_owned())
}
