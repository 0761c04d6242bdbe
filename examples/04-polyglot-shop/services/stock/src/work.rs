//! What this service does: a piece for each thing to show.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::context::FutureExt;
use opentelemetry::trace::Status;
use opentelemetry::{Context, KeyValue};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::{Instrument, Span, error, info, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{name, traces};

const SLOWNESS: Duration = Duration::from_millis(1500);

/// A message carries the context in its headers.
pub struct Message {
    headers: HashMap<String, String>,
    text: String,
}

pub type Queue = mpsc::Sender<Message>;

/// Has a span of its own, with an attribute and an event.
pub async fn find_item(id: &str) -> Value {
    let span = info_span!("find item", item.id = id);
    async {
        let shelf = KeyValue::new("item.shelf", i64::try_from(id.len()).unwrap_or_default());
        Span::current().add_event("item.found", vec![shelf]);
        info!("found an item");
        json!({"item": id})
    }
    .instrument(span)
    .await
}

/// Spends its time in a span of its own, where it is seen.
pub async fn be_slow() -> Value {
    async {
        tokio::time::sleep(SLOWNESS).await;
        info!("was slow");
    }
    .instrument(info_span!("wait"))
    .await;
    json!({"seconds": SLOWNESS.as_secs_f64()})
}

/// Has a span that fails; whoever answers the request records the error as the exception of the request's span.
pub async fn fail() -> Result<(), AlwaysFails> {
    async {
        info!("will fail");
        Span::current().set_status(Status::error(AlwaysFails.to_string()));
        Err(AlwaysFails)
    }
    .instrument(info_span!("try"))
    .await
}

/// What the callers said.
pub fn incoming_baggage() -> Value {
    let context = Context::current();
    let entries = context.baggage().iter();
    let entries: Map<String, Value> = entries
        .map(|(key, (value, _))| (key.to_string(), value.to_string().into()))
        .collect();
    info!(number = entries.len(), "read baggage");
    entries.into()
}

/// Puts a message on the queue; what is done with it belongs to the same trace.
pub async fn send_work(queue: &Queue) -> Result<(), QueueFull> {
    async {
        // Baggage of its own: whoever works on the message hears it.
        let context = Context::current().with_baggage(vec![KeyValue::new("work.origin", name())]);
        async {
            let message = Message {
                headers: traces::headers_of(&Context::current()),
                text: "some work".to_owned(),
            };
            queue.try_send(message).map_err(|_| QueueFull)?;
            info!("sent work");
            Ok(())
        }
        .with_context(context)
        .await
    }
    .instrument(info_span!("send work", otel.kind = "producer"))
    .await
}

/// Takes messages from the queue until nobody can send any more and it is empty.
pub fn start() -> (Queue, JoinHandle<()>) {
    let (queue, mut messages) = mpsc::channel(100);
    let worker = tokio::spawn(async move {
        while let Some(message) = messages.recv().await {
            process_work(message).await;
        }
    });
    (queue, worker)
}

/// Goes on with the trace in which the message was sent.
async fn process_work(message: Message) {
    let span = info_span!("process work", otel.kind = "consumer");
    let _ = span.set_parent(traces::context_of(&message.headers)); // an error says that nothing makes spans
    async {
        // A task of its own does not know the span by itself.
        let task = tokio::spawn(finish_work(message.text).in_current_span());
        if let Err(error) = task.await {
            error!(%error, "could not be finished");
        }
    }
    .instrument(span)
    .await;
}

async fn finish_work(text: String) {
    async { info!("did {text}") }
        .instrument(info_span!("finish work"))
        .await;
}

#[derive(Debug)]
pub struct AlwaysFails;

impl fmt::Display for AlwaysFails {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("this always fails")
    }
}

impl std::error::Error for AlwaysFails {}

#[derive(Debug)]
pub struct QueueFull;

impl fmt::Display for QueueFull {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the queue is full")
    }
}

impl std::error::Error for QueueFull {}
