//! Requests to this service, because nobody else calls it. They come from outside of any trace: traces begin on arrival.

use std::time::Duration;

use tracing::debug;

use crate::{port, variable};

const LONGEST_PAUSE: f64 = 3600.0;

pub async fn send_requests() {
    let rate: f64 = variable("EXAMPLE_REQUESTS_PER_SECOND", "0")
        .parse()
        .unwrap_or(0.0);
    if rate <= 0.0 {
        return;
    }
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10));
    let client = client.build().expect("a client can be made");
    let pause = Duration::from_secs_f64((1.0 / rate).min(LONGEST_PAUSE));
    for number in 1_u64.. {
        tokio::time::sleep(pause).await;
        let tier = if number % 10 == 0 { "gold" } else { "basic" };
        let request = client
            .get(format!("http://127.0.0.1:{}{}", port(), path_of(number)))
            .header("baggage", format!("customer.tier={tier}"));
        tokio::spawn(async move {
            if let Err(error) = request.send().await {
                debug!(%error, "own request");
            }
        });
    }
}

fn path_of(number: u64) -> &'static str {
    match number {
        _ if number % 20 == 0 => "/slow",
        _ if number % 21 == 0 => "/error",
        _ if number % 22 == 0 => "/work",
        _ => "/",
    }
}
