//! Tests of traces.rs with spans in memory.

use axum::body::Body;
use axum::routing::get;
use axum::{Router, middleware};
use opentelemetry::trace::{SpanKind, TraceId};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use tower::ServiceExt;
use tracing::subscriber::DefaultGuard;

use super::*;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

struct Recorded {
    exporter: InMemorySpanExporter,
    _until_dropped: DefaultGuard,
}

impl Recorded {
    fn spans(&self) -> Vec<SpanData> {
        self.exporter.get_finished_spans().expect("spans in memory")
    }

    fn only(&self) -> SpanData {
        let [span] = self.spans().try_into().expect("one span");
        span
    }
}

fn record() -> Recorded {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(CopyBaggage::of("customer.tier"))
        .with_simple_exporter(exporter.clone())
        .build();
    global::set_text_map_propagator(new_propagator());
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    Recorded {
        exporter,
        _until_dropped: tracing::subscriber::set_default(registry().with(spans)),
    }
}

async fn ask(path: &str) -> StatusCode {
    let router = Router::new()
        .route("/things/{thing}", get(async || "a thing"))
        .route("/healthz", get(async || "ok"))
        .route("/panic", get(panics))
        .layer(middleware::from_fn(server_span));
    let request = Request::get(path)
        .header("traceparent", PARENT)
        .header("baggage", "customer.tier=gold,secret=yes");
    let request = request.body(Body::empty()).expect("a request");
    router.oneshot(request).await.expect("an answer").status()
}

async fn panics() -> &'static str {
    panic!("at the disco")
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|each| each.key.as_str() == key);
    found.map(|each| each.value.to_string())
}

#[tokio::test]
async fn a_request_makes_a_span_in_the_trace_of_its_caller() {
    let recorded = record();
    assert_eq!(ask("/things/red").await, StatusCode::OK);
    let span = recorded.only();
    assert_eq!(span.name, "GET /things/{thing}");
    assert_eq!(span.span_kind, SpanKind::Server);
    assert_eq!(
        span.span_context.trace_id(),
        TraceId::from_hex(&PARENT[3..35]).expect("an id")
    );
    for (key, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/things/{thing}"),
        ("http.response.status_code", "200"),
        ("customer.tier", "gold"),
    ] {
        assert_eq!(attribute(&span, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(attribute(&span, "secret"), None);
}

#[tokio::test]
async fn a_health_check_makes_none() {
    let recorded = record();
    assert_eq!(ask("/healthz").await, StatusCode::OK);
    assert!(recorded.spans().is_empty());
}

#[tokio::test]
async fn a_panic_is_on_the_span() {
    let recorded = record();
    let answered = AssertUnwindSafe(ask("/panic")).catch_unwind().await;
    assert!(answered.is_err());
    let span = recorded.only();
    assert_eq!(span.status, Status::error("at the disco"));
    assert_eq!(
        span.events
            .iter()
            .filter(|event| event.name == "exception")
            .count(),
        1
    );
}

#[test]
fn values_of_the_resource_are_decoded() {
    assert_eq!(decoded(" a%2Cb%20c "), "a,b c");
    assert_eq!(decoded("100%"), "100%");
}

#[test]
fn a_context_goes_through_headers_and_back() {
    let recorded = record();
    let span = info_span!("one");
    let context = span.context();
    let received = context_of(&headers_of(&context));
    assert_eq!(
        received.span().span_context().trace_id(),
        context.span().span_context().trace_id()
    );
    drop((span, recorded));
}

#[test]
fn a_log_line_is_json_with_the_ids_of_its_span() {
    let (sender, lines) = std::sync::mpsc::channel();
    let provider = SdkTracerProvider::builder().build();
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let written = log::layer()
        .event_format(JsonLine)
        .with_writer(move || Sent(sender.clone()));
    let _guard = tracing::subscriber::set_default(registry().with(spans).with(written));
    let span = info_span!("one");
    span.in_scope(|| warn!(number = 7, "\"quoted\"\nand broken"));
    let line: Value = serde_json::from_slice(&lines.recv().expect("a line")).expect("JSON");
    let context = span.context();
    let id = context.span().span_context().trace_id().to_string();
    assert_eq!(line["message"], "\"quoted\"\nand broken");
    assert_eq!(line["number"], 7);
    assert_eq!(line["trace_id"], id);
}

struct Sent(std::sync::mpsc::Sender<Vec<u8>>);

impl std::io::Write for Sent {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.send(line.to_vec()).expect("a reader");
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
