//! Telling a merchant that an order is paid.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use recoup::gateway::{Running, Settings, StoreChoice};
use recoup::protocol::{Amount, Barcode, Direction, Envelope, OrderNo, PaymentRequest, StoreNo};
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};

use crate::client::{Answer, Caller, Session, other_shop, shop, start};
use crate::database::Postgres;
use crate::receiver::{Receiver, Request};
use crate::serve::Served;

const TAKEN: &[(u16, &str)] = &[(200, "success")];

/// Starts a gateway that loses no time between two tries.
async fn start_hasty(change: impl FnOnce(&mut Settings)) -> Running {
    start(|settings| {
        settings.notification.first_pause = Duration::from_millis(1);
        change(settings);
    })
    .await
}

async fn pay(session: &mut Session, order: &str, notify_url: &str) -> Answer {
    let mut payment = PaymentRequest::new(
        StoreNo::new("1").unwrap(),
        OrderNo::new(order).unwrap(),
        Barcode::new("280000000000000001").unwrap(),
        Amount::new(100),
    );
    payment.notify_url = Some(notify_url.to_owned());
    let document = session.caller.seal(&payment);
    session.call("/api/offline/pay", &document).await
}

/// The body of a notification, whose signature holds.
fn told(request: &Request, caller: &Caller) -> Value {
    let envelope = Envelope::parse(&request.body, Direction::Response).unwrap();
    assert!(envelope.is_compact && envelope.verify(&caller.key).is_ok());
    let response: Value = serde_json::from_str(envelope.raw).unwrap();
    assert_eq!(response["header"]["partnerNo"], caller.no);
    response["body"].clone()
}

#[tokio::test]
async fn a_payment_is_told_as_a_query_would_and_until_it_is_taken() {
    let receiver = Receiver::start(&[
        (500, "success"),
        (200, "SUCCESS, more or less"),
        (302, "success"),
        (200, ""),
        (200, "success\n"),
    ])
    .await;
    let gateway = start_hasty(|_| {}).await;
    let mut session = Session::open(&gateway, other_shop()).await;
    let url = receiver.url("/told?shop=1&x=%2F");
    assert_eq!(pay(&mut session, "o", &url).await.code(), 1);
    let requests = receiver.wait_for(5).await;
    let shown = session.query("o").await;
    for request in &requests {
        assert_eq!(request.line, "POST /told?shop=1&x=%2F");
        let told = told(request, &other_shop());
        for member in [
            "code",
            "orderNo",
            "partnerOrderNo",
            "orderAmount",
            "status",
            "payTime",
        ] {
            assert_eq!(told[member], shown.member(member), "{member}");
        }
    }
    // The payment again is the same payment, and is not told again.
    assert_eq!(pay(&mut session, "o", &url).await.code(), 1);
    assert_eq!(pay(&mut session, "p", &url).await.code(), 1);
    let requests = receiver.wait_for(6).await;
    assert_eq!(told(&requests[5], &other_shop())["partnerOrderNo"], "p");
    assert_eq!(requests.len(), 6);
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_keeps_nobody_else_waiting() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}/", silent.local_addr().unwrap());
    let receiver = Receiver::start(TAKEN).await;
    let gateway = start_hasty(|settings| {
        settings.notification.patience = Duration::from_secs(600);
    })
    .await;
    let mut session = Session::open(&gateway, shop()).await;
    for count in 0..100 {
        let order = format!("silent{count}");
        assert_eq!(pay(&mut session, &order, &silent_url).await.code(), 1);
    }
    pay(&mut session, "o", &receiver.url("/")).await;
    let requests = receiver.wait_for(1).await;
    assert_eq!(told(&requests[0], &shop())["partnerOrderNo"], "o");
    // And a stop waits for none of them.
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_no_web_address_is_refused() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    for url in [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "127.0.0.1/x",
        "javascript:alert(1)",
        "http://user:pass@127.0.0.1/",
    ] {
        assert_eq!(pay(&mut session, "o", url).await.code(), 5, "{url}");
    }
    assert_eq!(session.query("o").await.code(), 30);
}

#[tokio::test]
async fn only_this_machine_is_told_unless_the_gateway_was_started_for_others() {
    let served = Served::start(&["--store", "memory"]);
    let mut session = Session::open_at(served.address, shop()).await;
    let receiver = Receiver::start(TAKEN).await;
    // An address for documentation, which nobody has.
    let elsewhere = "http://192.0.2.1:81/secret";
    assert_eq!(pay(&mut session, "elsewhere", elsewhere).await.code(), 1);
    pay(&mut session, "here", &receiver.url("/")).await;
    receiver.wait_for(1).await;
    let said = tokio::task::spawn_blocking(move || line_about("elsewhere", served));
    let said = said.await.unwrap();
    assert!(said.contains("--notify anywhere"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

/// The first line about this that it says on stderr.
fn line_about(this: &str, mut served: Served) -> String {
    let stderr = served.process.stderr.take().unwrap();
    let mut lines = BufReader::new(stderr).lines().map(Result::unwrap);
    lines.find(|line| line.contains(this)).unwrap()
}

async fn survives_a_kill(store: &str) {
    let receiver = Receiver::start(TAKEN).await;
    // Bound, so that nobody else gets it, and closed to callers until it listens.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let served = Served::start(&["--store", store]);
    let mut session = Session::open_at(served.address, shop()).await;
    pay(&mut session, "o", &format!("http://{address}/later")).await;
    pay(&mut session, "p", &receiver.url("/")).await;
    receiver.wait_for(1).await;
    served.kill();
    let late = Receiver::on(socket.listen(16).unwrap(), TAKEN);
    let served = Served::start(&["--store", store]);
    let requests = late.wait_for(1).await;
    assert_eq!(told(&requests[0], &shop())["partnerOrderNo"], "o");
    drop(served);
}

#[tokio::test]
async fn what_could_not_be_told_is_told_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    survives_a_kill(&format!("sqlite:{}", path.display())).await;
    if let Some(server) = Postgres::shared() {
        survives_a_kill(&server.database()).await;
    }
}

#[tokio::test]
async fn gateways_over_one_store_tell_of_a_payment_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut stores = vec![StoreChoice::Sqlite(folder.path().join("store.sqlite"))];
    if let Some(server) = Postgres::shared() {
        stores.push(server.database().parse().unwrap());
    }
    for store in stores {
        let receiver = Receiver::start(TAKEN).await;
        let gateways = [
            start(|settings| settings.store = store.clone()).await,
            start(|settings| settings.store = store.clone()).await,
        ];
        let mut sessions = Vec::new();
        for gateway in &gateways {
            sessions.push(Session::open(gateway, shop()).await);
        }
        for count in 0..40 {
            let order = format!("o{count}");
            pay(&mut sessions[count % 2], &order, &receiver.url("/")).await;
        }
        let requests = receiver.wait_for(40).await;
        let mut orders: Vec<String> = requests
            .iter()
            .map(|request| told(request, &shop())["partnerOrderNo"].to_string())
            .collect();
        orders.sort();
        orders.dedup();
        assert_eq!(orders.len(), 40);
        for gateway in gateways {
            gateway.stop().await;
        }
        assert_eq!(receiver.received().len(), 40);
    }
}
