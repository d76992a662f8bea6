//! What those who run a gateway ask it: health and metrics.

use recoup::gateway::StoreChoice;

use crate::client::{Answer, Client, Session, shop, start};
use crate::database::Postgres;

/// Asks for a path.
pub(crate) async fn get(client: &mut Client, path: &str) -> Answer {
    client
        .send(format!("GET {path} HTTP/1.1\r\nHost: g\r\n\r\n"))
        .await;
    client.receive().await.unwrap()
}

/// The value of a metric, by its name and labels.
pub(crate) async fn counted(client: &mut Client, name: &str) -> u64 {
    let answer = get(client, "/metrics").await;
    let text = String::from_utf8(answer.body).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not in {text}"))
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_gateway_tells_its_health_and_other_ways_to_ask_are_refused_as_ever() {
    let gateway = start(|_| {}).await;
    let mut client = Client::connect(gateway.address()).await;
    let answer = get(&mut client, "/healthz").await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"ok\n"[..]));
    for path in ["/healthz", "/metrics"] {
        let answer = client.post(path, b"{}").await.unwrap();
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.is_signed_by(&shop().key), "{path}");
    }
    for path in ["/healthz/", "/Metrics", "/metricsz"] {
        let answer = get(&mut client, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.is_signed_by(&shop().key), "{path}");
    }
}

#[tokio::test]
async fn answers_are_counted_by_call_and_code() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    session.refund("o", "r", 60).await;
    session.refund("o", "s", 60).await;
    session.query("o").await;
    session.client.post("/nowhere", b"").await.unwrap();
    let client = &mut session.client;
    for (name, value) in [
        ("recoup_requests_total{call=\"pay\",code=\"1\"}", 1),
        ("recoup_requests_total{call=\"refund\",code=\"1\"}", 1),
        ("recoup_requests_total{call=\"refund\",code=\"35\"}", 1),
        ("recoup_requests_total{call=\"query\",code=\"1\"}", 1),
        ("recoup_requests_total{call=\"other\",code=\"3\"}", 1),
        ("recoup_refunds_total{outcome=\"accepted\"}", 1),
        ("recoup_refunds_total{outcome=\"refused\"}", 1),
        ("recoup_request_duration_seconds_count{call=\"refund\"}", 2),
        ("recoup_connections", 1),
        ("recoup_calls_waiting", 0),
    ] {
        assert_eq!(counted(client, name).await, value, "{name}");
    }
    // Asking counts for nothing.
    assert_eq!(gateway.stop().await, 5);
}

#[tokio::test]
async fn a_store_out_of_reach_is_a_gateway_out_of_health_until_it_is_back() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let store: StoreChoice = server.database().parse().unwrap();
    let gateway = start(|settings| settings.store = store).await;
    let mut client = Client::connect(gateway.address()).await;
    assert_eq!(get(&mut client, "/healthz").await.status, 200);
    server.stop();
    let answer = get(&mut client, "/healthz").await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.starts_with(b"the store did not answer"));
    server.resume();
    while get(&mut client, "/healthz").await.status != 200 {}
}
