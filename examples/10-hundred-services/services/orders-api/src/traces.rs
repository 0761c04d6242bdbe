//! Traces of this service, from the variables in `otel.env`. It can be copied into any crate; Cargo.tracing.toml beside it
//! has versions that work together.
//!
//! ```text
//! let traces = traces::start();                     // first in main, within the runtime
//! let router = router.layer(axum::middleware::from_fn(traces::server_span));
//! traces.stop().await;                              // after the server has ended: sends the last spans
//! ```
//!
//! A service with logs of its own keeps their format; then `start` is not called, but
//!
//! ```text
//! let traces = traces::prepare();
//! tracing_subscriber::registry()
//!     .with(traces.layer())
//!     .with(tracing_subscriber::fmt::layer().json().map_event_format(traces::with_ids).with_filter(yours))
//!     .init();
//! ```
//!
//! At SIGTERM and SIGINT the last spans are sent too, also where `axum::serve` has no graceful shutdown; then the signal
//! ends the process, unless the service listens to it itself.
//!
//! Requests go out through `traces::send(client.get(url))`. A span of your own, with an attribute and an event:
//!
//! ```text
//! let span = tracing::info_span!("load order", order.id = id);
//! async { ... Span::current().add_event("cache.miss", vec![]); ... }.instrument(span).await;
//! ```
//!
//! `traces::record_error(&error)` makes the current span a failure. Log lines of `tracing::info!` and the like carry the
//! ids of the span that they are written in.
//!
//! Baggage, which travels to all services that are called from here on:
//!
//! ```text
//! let tier = Context::current().baggage().get("customer.tier").cloned();
//! let context = Context::current().with_baggage(vec![KeyValue::new("customer.tier", "gold")]);
//! async { ... }.with_context(context).await;
//! ```
//!
//! `tokio::spawn(future.in_current_span())` keeps the span in a task. Messages carry the context in their headers:
//!
//! ```text
//! let headers = traces::headers_of(&Context::current()); // where the message is sent
//! span.set_parent(traces::context_of(&headers))          // where it is received, before the span is entered
//! ```

#![allow(dead_code)] // a service has its own way to set up logs, to end, and to carry a context

use std::any::type_name;
use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::uri::Authority;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry::trace::{Span as _, Status, TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_otlp::{SpanExporter as Otlp, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanExporter, SpanProcessor};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use tracing::field::{Empty, Field, Visit};
use tracing::{Event, Instrument, Level, Subscriber, error, info_span, warn};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, filter, fmt as log, registry};

/// How long the end of the process may wait for a collector that does not answer; with it, that takes less than 5 seconds.
const SEND_TIMEOUT: Duration = Duration::from_millis(4_500);

/// What `start` has started.
pub struct Traces(SdkTracerProvider);

/// Makes spans from here on, and writes logs as JSON.
pub fn start() -> Traces {
    let traces = prepare();
    registry().with(traces.layer()).with(logs()).init();
    traces
}

/// Makes spans of what comes to `layer`, for a service that sets up its logs itself.
pub fn prepare() -> Traces {
    // The programs that speak TLS here agree on one implementation; an error says that one is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // There is no tracer yet, but what is said about the variables is to be seen.
    let provider = tracing::subscriber::with_default(registry().with(logs()), || {
        global::set_text_map_propagator(new_propagator());
        new_provider()
    });
    #[cfg(unix)]
    send_at_signals(provider.clone());
    Traces(provider)
}

impl Traces {
    /// What makes spans of those of `tracing`, beside the layer that writes logs.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + 'static
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            // Without this each log line is an event of its span too. Asked anew each time: what a library asks for its
            // logs, as sqlx does, would be taken for the answer of the next span.
            .with_filter(filter::dynamic_filter_fn(|metadata, _| {
                metadata.is_span() && *metadata.level() <= Level::INFO
            }))
    }

    /// Sends what is left, in at most 5 seconds.
    pub async fn stop(self) {
        let sent = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(SEND_TIMEOUT));
        match sent.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "the last spans were not exported"),
            Err(error) => warn!(%error, "the last spans were not exported"),
        }
    }
}

/// A layer for axum: a span of each request, named by method and route: `GET /items/{id}`.
pub async fn server_span(request: Request, next: Next) -> Response {
    if request.uri().path() == variable("TRACING_HEALTH_PATH", "/healthz") {
        return next.run(request).await; // health checks come every few seconds, and say nothing
    }
    let span = span_of(&request);
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind();
    async {
        let response = answered.await.unwrap_or_else(|panic| {
            let reason = panic.downcast_ref::<String>().cloned();
            let reason = reason.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            record_error(&Panic(reason.unwrap_or_default()));
            error!("a handler has panicked");
            end(&tracing::Span::current());
            resume_unwind(panic) // what it leads to is the service's own affair
        });
        let span = tracing::Span::current();
        span.record("http.response.status_code", status_of(response.status()));
        if response.status().is_server_error() {
            span.set_status(Status::error(""));
        }
        end(&span);
        response
    }
    .instrument(span)
    .await
}

fn span_of(request: &Request) -> tracing::Span {
    let method = known_method(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let name = route
        .as_deref()
        .map_or(method.to_owned(), |route| format!("{method} {route}"));
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let host = header("host").and_then(|host| host.parse::<Authority>().ok());
    let span = info_span!(
        "request",
        otel.name = name,
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        network.protocol.version = version_of(request),
        server.address = host.as_ref().map(Authority::host),
        url.path = request.uri().path(),
        url.query = request.uri().query(),
        url.scheme = "http",
        user_agent.original = header("user-agent"),
    );
    let parent = global::get_text_map_propagator(|propagator| {
        propagator.extract_with_context(&Context::new(), &HeaderExtractor(request.headers()))
    });
    let _ = span.set_parent(parent); // an error says that nothing makes spans
    span
}

/// Sends a request, with a span of its own, and the context along.
pub async fn send(request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
    let (client, request) = request.build_split();
    let mut request = request?;
    let method = known_method(request.method());
    let mut url = request.url().clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let span = info_span!(
        "call",
        otel.name = method,
        otel.kind = "client",
        http.request.method = method,
        http.response.status_code = Empty,
        server.address = url.host_str(),
        server.port = url.port_or_known_default().map(i64::from),
        url.full = url.as_str(),
    );
    async {
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(
                &Context::current(),
                &mut HeaderInjector(request.headers_mut()),
            );
        });
        let answer = client.execute(request).await;
        let span = tracing::Span::current();
        match &answer {
            Ok(response) => {
                span.record("http.response.status_code", status_of(response.status()));
                if response.status().as_u16() >= 400 {
                    span.set_status(Status::error(""));
                }
            }
            Err(error) => record_error(error),
        }
        end(&span);
        answer
    }
    .instrument(span)
    .await
}

/// Ends a span now: connections of HTTP clients may keep the span that they were made in for as long as they live.
fn end(span: &tracing::Span) {
    span.context().span().end();
}

/// Marks the current span as failed, with the error as its exception. Call it once, where the error ends.
pub fn record_error<E: Error>(error: &E) {
    let span = tracing::Span::current();
    let attributes = vec![
        KeyValue::new("exception.type", type_name::<E>()),
        KeyValue::new("exception.message", error.to_string()),
    ];
    span.add_event("exception", attributes);
    span.set_attribute("error.type", type_name::<E>());
    span.set_status(Status::error(error.to_string()));
}

/// The headers that carry a context, such as `traceparent`.
pub fn headers_of(context: &Context) -> HashMap<String, String> {
    let mut headers = HashMap::new();
    global::get_text_map_propagator(|propagator| propagator.inject_context(context, &mut headers));
    headers
}

/// The context that headers carry.
pub fn context_of(headers: &HashMap<String, String>) -> Context {
    global::get_text_map_propagator(|propagator| {
        propagator.extract_with_context(&Context::new(), headers)
    })
}

/// Sends what is left when the process is told to end. Where nobody else listens to the signal, it then has the effect
/// that it has without tracing.
#[cfg(unix)]
fn send_at_signals(provider: SdkTracerProvider) {
    let sent = signals::listen().and_then(|told| {
        let send = move || {
            while let Some(signal) = told.wait() {
                let (done, sent) = std::sync::mpsc::channel();
                let provider = provider.clone();
                std::thread::spawn(move || done.send(provider.force_flush()));
                if sent.recv_timeout(SEND_TIMEOUT).is_err() {
                    warn!("the last spans were not exported");
                }
                signal.has_its_effect();
            }
        };
        std::thread::Builder::new().spawn(send)
    });
    if let Err(error) = sent {
        warn!(%error, "the last spans are lost at a signal");
    }
}

/// SIGTERM and SIGINT, beside whoever else listens to them: such as tokio hands a signal on to who was there before.
#[cfg(unix)]
mod signals {
    use std::ffi::c_int;
    use std::io::{self, Read};
    use std::mem::zeroed;
    use std::os::fd::IntoRawFd;
    use std::os::unix::net::UnixStream;
    use std::ptr;
    use std::sync::atomic::{AtomicI32, Ordering};

    /// Where the handler says which signal came; a handler may do little else.
    static SAYS: AtomicI32 = AtomicI32::new(-1);

    pub struct Told(UnixStream);

    pub struct Signal(c_int);

    pub fn listen() -> io::Result<Told> {
        let (says, told) = UnixStream::pair()?;
        says.set_nonblocking(true)?;
        SAYS.store(says.into_raw_fd(), Ordering::SeqCst);
        for signal in [libc::SIGTERM, libc::SIGINT] {
            // Who listens already, or has them ignored, ends the service in its own way.
            if handler_of(signal)? == libc::SIG_DFL {
                set_handler(signal, note as *const () as libc::sighandler_t)?;
            }
        }
        Ok(Told(told))
    }

    extern "C" fn note(signal: c_int) {
        let number = signal as u8;
        let says = SAYS.load(Ordering::SeqCst);
        // SAFETY: write may be called in a handler; the byte lives until it has returned.
        unsafe { libc::write(says, ptr::from_ref(&number).cast(), 1) };
    }

    impl Told {
        pub fn wait(&self) -> Option<Signal> {
            let mut number = [0];
            (&self.0).read_exact(&mut number).ok()?;
            Some(Signal(c_int::from(number[0])))
        }
    }

    impl Signal {
        /// What happens without tracing: nothing here when somebody else listens, else the end of the process.
        pub fn has_its_effect(&self) {
            let ours = note as *const () as libc::sighandler_t;
            if handler_of(self.0).is_ok_and(|handler| handler == ours) {
                let _ = set_handler(self.0, libc::SIG_DFL);
                // SAFETY: it takes no pointers.
                unsafe { libc::raise(self.0) };
                // The first process of a container outlives a signal that has no handler.
                std::process::exit(128 + self.0);
            }
        }
    }

    fn handler_of(signal: c_int) -> io::Result<libc::sighandler_t> {
        // SAFETY: a sigaction of zeros is one, and is filled by the call.
        let mut action: libc::sigaction = unsafe { zeroed() };
        match unsafe { libc::sigaction(signal, ptr::null(), &raw mut action) } {
            0 => Ok(action.sa_sigaction),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn set_handler(signal: c_int, handler: libc::sighandler_t) -> io::Result<()> {
        // SAFETY: a sigaction of zeros is one; the handler takes one argument, as its flags say.
        let mut action: libc::sigaction = unsafe { zeroed() };
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART;
        match unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

fn new_provider() -> SdkTracerProvider {
    // OTEL_TRACES_SAMPLER and OTEL_BSP_* are read by the SDK.
    let provider = SdkTracerProvider::builder()
        .with_resource(new_resource())
        .with_span_processor(CopyBaggage::of(&variable("TRACING_BAGGAGE_KEYS", "")));
    match variable("OTEL_TRACES_EXPORTER", "otlp").as_str() {
        "none" => provider.build(),
        "console" => provider.with_simple_exporter(Console).build(),
        "otlp" => match otlp_exporter() {
            Ok(exporter) => provider.with_batch_exporter(exporter).build(),
            Err(error) => {
                error!(%error, "this service sends no traces");
                provider.build()
            }
        },
        other => {
            error!("OTEL_TRACES_EXPORTER: there is no {other}, this service sends no traces");
            provider.build()
        }
    }
}

/// OTLP over HTTP.
fn otlp_exporter() -> Result<Otlp, Box<dyn Error + Send + Sync>> {
    let protocol = variable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    // The exporter does not read this one itself.
    let authority = variable("OTEL_EXPORTER_OTLP_CERTIFICATE", "");
    let authority = (!authority.is_empty())
        .then(|| std::fs::read(authority))
        .transpose()?;
    let protocol = variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", &protocol);
    if protocol != "http/protobuf" {
        return Err(format!("OTEL_EXPORTER_OTLP_PROTOCOL: the spec asks for no {protocol}").into());
    }
    let exporter = Otlp::builder().with_http();
    match authority {
        Some(authority) => Ok(exporter
            .with_http_client(client_that_trusts(authority)?)
            .build()?),
        None => Ok(exporter.build()?),
    }
}

fn client_that_trusts(
    authority: Vec<u8>,
) -> Result<spans_reqwest::blocking::Client, Box<dyn Error + Send + Sync>> {
    let authorities = spans_reqwest::Certificate::from_pem_bundle(&authority)?;
    let timeout = variable("OTEL_EXPORTER_OTLP_TIMEOUT", "10000").parse()?;
    // Such a client must not be made on a thread of the runtime.
    let made = std::thread::spawn(move || {
        spans_reqwest::blocking::Client::builder()
            .timeout(Duration::from_millis(timeout))
            .tls_certs_merge(authorities)
            .build()
    });
    Ok(made.join().map_err(|_| "no client could be made")??)
}

/// The SDK takes the values of OTEL_RESOURCE_ATTRIBUTES as they are, but they are percent-encoded.
fn new_resource() -> Resource {
    let listed = variable("OTEL_RESOURCE_ATTRIBUTES", "");
    let attributes = listed
        .split(',')
        .filter_map(|entry| entry.split_once('='))
        .map(|(key, value)| KeyValue::new(key.trim().to_owned(), decoded(value)));
    let resource = Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_service_name("orders-api")
        .with_attributes(attributes);
    match variable("OTEL_SERVICE_NAME", "") {
        name if name.is_empty() => resource.build(),
        name => resource.with_service_name(name).build(),
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text.trim())
        .decode_utf8_lossy()
        .into_owned()
}

fn new_propagator() -> TextMapCompositePropagator {
    let names = variable("OTEL_PROPAGATORS", "tracecontext,baggage");
    let named = names.split(',').filter_map(|name| {
        let propagator: Box<dyn TextMapPropagator + Send + Sync> = match name.trim() {
            "tracecontext" => Box::new(TraceContextPropagator::new()),
            "baggage" => Box::new(BaggagePropagator::new()),
            "none" | "" => return None,
            other => {
                warn!("OTEL_PROPAGATORS: the spec asks for no {other}");
                return None;
            }
        };
        Some(propagator)
    });
    TextMapCompositePropagator::new(named.collect())
}

/// Copies the named entries only: baggage may hold anything that a caller liked to say.
#[derive(Debug)]
struct CopyBaggage(Vec<String>);

impl CopyBaggage {
    fn of(keys: &str) -> Self {
        let keys = keys.split(',').map(|key| key.trim().to_owned());
        Self(keys.filter(|key| !key.is_empty()).collect())
    }
}

impl SpanProcessor for CopyBaggage {
    fn on_start(&self, span: &mut Span, context: &Context) {
        for key in &self.0 {
            if let Some(value) = context.baggage().get(key) {
                span.set_attribute(KeyValue::new(key.clone(), value.to_string()));
            }
        }
    }

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// One JSON object a span on standard output: what OTEL_TRACES_EXPORTER=console asks for.
#[derive(Debug)]
struct Console;

impl SpanExporter for Console {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        for span in batch {
            let attributes = span.attributes.iter();
            let attributes: Map<String, Value> = attributes
                .map(|each| (each.key.to_string(), each.value.to_string().into()))
                .collect();
            let line = serde_json::json!({
                "span": span.name,
                "trace_id": span.span_context.trace_id().to_string(),
                "span_id": span.span_context.span_id().to_string(),
                "parent_span_id": span.parent_span_id.to_string(),
                "attributes": attributes,
            });
            println!("{line}");
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Panic(String);

impl fmt::Display for Panic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for Panic {}

/// One JSON object a line; RUST_LOG says what is written, `info` when absent.
fn logs<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    log::layer().event_format(JsonLine).with_filter(filter)
}

/// A format of lines, with the ids of the span that a line is written in: as the last fields of a JSON object that has
/// none of that name, at the end of a text, or before one in colours.
pub fn with_ids<F>(format: F) -> WithIds<F> {
    WithIds(format)
}

pub struct WithIds<F>(F);

impl<S, N, F> FormatEvent<S, N> for WithIds<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        fields: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let context = Context::current();
        let span = context.span().span_context().clone();
        if !span.is_valid() {
            return self.0.format_event(fields, writer, event);
        }
        let mut line = String::new();
        self.0.format_event(fields, Writer::new(&mut line), event)?;
        let line = line.trim_end_matches('\n');
        let ids = [
            ("trace_id", span.trace_id().to_string()),
            ("span_id", span.span_id().to_string()),
        ];
        match line.strip_suffix('}').filter(|_| line.starts_with('{')) {
            Some(object) => {
                writer.write_str(object)?;
                for (name, id) in ids {
                    if !object.contains(&format!("\"{name}\":")) {
                        write!(writer, ",\"{name}\":\"{id}\"")?;
                    }
                }
                writeln!(writer, "}}")
            }
            // Colours are put in by who gets the writer itself.
            None if writer.has_ansi_escapes() => {
                for (name, id) in ids {
                    write!(writer, "{name}={id} ")?;
                }
                self.0.format_event(fields, writer, event)
            }
            None => {
                writer.write_str(line)?;
                for (name, id) in ids {
                    write!(writer, " {name}={id}")?;
                }
                writeln!(writer)
            }
        }
    }
}

struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut line = Fields(Map::new());
        line.put("time", time);
        line.put("level", event.metadata().level().as_str());
        line.put("target", event.metadata().target());
        event.record(&mut line);
        let context = Context::current();
        let span = context.span().span_context().clone();
        if span.is_valid() {
            line.put("trace_id", span.trace_id().to_string());
            line.put("span_id", span.span_id().to_string());
        }
        writeln!(writer, "{}", Value::Object(line.0))
    }
}

struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }
}

/// The method as the name of a span; what a caller makes up is no name.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "CONNECT" => "CONNECT",
        "DELETE" => "DELETE",
        "GET" => "GET",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        "POST" => "POST",
        "PUT" => "PUT",
        "TRACE" => "TRACE",
        _ => "HTTP",
    }
}

/// As tracing knows it: other integers would become texts.
fn status_of(status: StatusCode) -> i64 {
    i64::from(status.as_u16())
}

fn version_of(request: &Request) -> String {
    let version = format!("{:?}", request.version());
    version.trim_start_matches("HTTP/").to_owned()
}

fn variable(name: &str, otherwise: &str) -> String {
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| otherwise.to_owned())
}
