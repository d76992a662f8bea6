//! Orders that are paid on a page of the gateway's own.

use recoup::gateway::{Running, StoreChoice};
use recoup::protocol::{Amount, CheckoutRequest, Direction, Envelope, OrderNo, StoreNo};

use crate::client::{Answer, Client, Session, other_shop, shop, start};
use crate::database::Postgres;
use crate::receiver::Receiver;

const PATHS: [&str; 3] = [
    "/api/offline/qrcode",
    "/api/offline/create",
    "/api/online/create",
];

/// An order of 1,000 yen.
pub(crate) fn checkout_of(order: &str) -> CheckoutRequest {
    CheckoutRequest {
        store_no: StoreNo::new("1").unwrap(),
        partner_order_no: OrderNo::new(order).unwrap(),
        wallet: "alipay".to_owned(),
        order_amount: Amount::new(1_000),
        currency: "JPY".to_owned(),
        goods_amount: None,
        goods_extra_amount: None,
        order_title: Some("Tea & <b>cake</b>".to_owned()),
        operator_id: None,
        terminal_no: None,
        notify_url: None,
        return_url: None,
    }
}

pub(crate) async fn create(session: &mut Session, path: &str, request: &CheckoutRequest) -> Answer {
    let document = session.caller.seal(request);
    session.call(path, &document).await
}

/// The path of a created order's page.
fn page_of(created: &Answer, gateway: &Running) -> String {
    let url = created.member("payUrl");
    let path = url.as_str().unwrap().strip_prefix(&gateway.url()).unwrap();
    assert_eq!(path.len(), "/pay/".len() + 32);
    path.to_owned()
}

async fn get(gateway: &Running, path: &str) -> Answer {
    let mut client = Client::connect(gateway.address()).await;
    client
        .send(format!("GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n"))
        .await;
    client.receive().await.unwrap()
}

async fn choose(gateway: &Running, path: &str, choice: &str) -> Answer {
    let mut client = Client::connect(gateway.address()).await;
    let form = format!("choice={choice}");
    client
        .send(format!(
            "POST {path} HTTP/1.1\r\nHost: gateway\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        ))
        .await;
    client.receive().await.unwrap()
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[tokio::test]
async fn an_order_is_paid_on_its_page_told_and_refunded_in_every_store() {
    let folder = tempfile::tempdir().unwrap();
    let mut stores = vec![
        StoreChoice::Memory,
        StoreChoice::Sqlite(folder.path().join("store.sqlite")),
    ];
    if let Some(server) = Postgres::shared() {
        stores.push(server.database().parse().unwrap());
    }
    for store in stores {
        let gateway = start(|settings| settings.store = store).await;
        let mut session = Session::open(&gateway, shop()).await;
        let receiver = Receiver::start(&[(200, "success")]).await;
        for (place, path) in PATHS.into_iter().enumerate() {
            let order = format!("o{place}");
            let mut request = checkout_of(&order);
            request.notify_url = Some(receiver.url("/told"));
            request.return_url = Some("http://shop.example/back?a=1&b=2".to_owned());
            let created = create(&mut session, path, &request).await;
            assert_eq!(created.code(), 1, "{created:?}");
            let page = page_of(&created, &gateway);
            assert_eq!(session.query(&order).await.member("status"), 0);
            assert_eq!(session.refund(&order, "early", 1).await.code(), 32);

            let shown = get(&gateway, &page).await;
            assert_eq!(shown.status, 200);
            assert!(text(&shown).contains("Pay JPY 1,000"));
            assert!(text(&shown).contains("Tea &amp; &lt;b&gt;cake&lt;/b&gt;"));
            assert_eq!(choose(&gateway, &page, "maybe").await.status, 400);

            let paid = choose(&gateway, &page, "pay").await;
            assert_eq!(paid.status, 303);
            assert_eq!(
                paid.header("location"),
                Some("http://shop.example/back?a=1&b=2")
            );
            let query = session.query(&order).await;
            assert_eq!(query.member("status"), 1);
            assert_eq!(query.member("wallet"), "alipay");

            let told = receiver.wait_for(place + 1).await.remove(place);
            let envelope = Envelope::parse(&told.body, Direction::Response).unwrap();
            assert!(envelope.verify(&shop().key).is_ok());
            assert!(envelope.raw.contains(&format!("\"{order}\"")));

            // What is paid stays paid, and is told once.
            assert_eq!(choose(&gateway, &page, "decline").await.status, 303);
            assert_eq!(choose(&gateway, &page, "pay").await.status, 303);
            assert!(text(&get(&gateway, &page).await).contains("is paid"));
            assert_eq!(session.query(&order).await.member("status"), 1);
            let number = format!("r{place}");
            assert_eq!(session.refund(&order, &number, 400).await.code(), 1);
            assert_eq!(session.drain(&order).await, 600);
            assert_eq!(session.query(&order).await.member("status"), 3);
        }
        gateway.stop().await;
        assert_eq!(receiver.received().len(), PATHS.len());
    }
}

#[tokio::test]
async fn an_order_that_is_declined_can_be_neither_paid_nor_refunded() {
    let folder = tempfile::tempdir().unwrap();
    let mut stores = vec![
        StoreChoice::Memory,
        StoreChoice::Sqlite(folder.path().join("store.sqlite")),
    ];
    if let Some(server) = Postgres::shared() {
        stores.push(server.database().parse().unwrap());
    }
    for store in stores {
        let gateway = start(|settings| settings.store = store).await;
        let mut session = Session::open(&gateway, shop()).await;
        let created = create(&mut session, PATHS[2], &checkout_of("o")).await;
        let page = page_of(&created, &gateway);
        let declined = choose(&gateway, &page, "decline").await;
        assert_eq!(declined.status, 303);
        // To the page itself, whatever path a proxy has put before it.
        assert_eq!(declined.header("location"), page.strip_prefix("/pay/"));
        assert_eq!(choose(&gateway, &page, "pay").await.status, 303);
        assert!(text(&get(&gateway, &page).await).contains("declined"));
        assert_eq!(session.query("o").await.member("status"), 2);
        assert_eq!(session.refund("o", "r", 1).await.code(), 32);
    }
}

#[tokio::test]
async fn an_order_is_created_once_and_its_number_names_no_other() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    let first = create(&mut session, PATHS[1], &checkout_of("o")).await;
    let again = create(&mut session, PATHS[1], &checkout_of("o")).await;
    assert_eq!(first.member("payUrl"), again.member("payUrl"));
    assert_eq!(first.member("orderNo"), again.member("orderNo"));
    let mut other = checkout_of("o");
    other.order_amount = Amount::new(1_001);
    assert_eq!(create(&mut session, PATHS[1], &other).await.code(), 31);
    assert_eq!(session.pay_with("28", "o", 1_000).await.code(), 31);
    session.pay("p", 1_000).await;
    assert_eq!(
        create(&mut session, PATHS[1], &checkout_of("p"))
            .await
            .code(),
        31
    );
    let mut foreign = Session::open(&gateway, other_shop()).await;
    let theirs = create(&mut foreign, PATHS[1], &checkout_of("o")).await;
    assert_eq!(theirs.code(), 1);
    assert_ne!(theirs.member("payUrl"), first.member("payUrl"));
}

#[tokio::test]
async fn what_can_be_no_such_order_is_refused() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    let change = |change: fn(&mut CheckoutRequest)| {
        let mut request = checkout_of("o");
        change(&mut request);
        request
    };
    for (request, code) in [
        (change(|request| request.order_amount = Amount::ZERO), 5),
        (change(|request| request.currency = "yen".to_owned()), 5),
        (change(|request| request.currency = String::new()), 4),
        (change(|request| request.wallet = String::new()), 4),
        (
            change(|request| request.return_url = Some("javascript:alert(1)".to_owned())),
            5,
        ),
        (
            change(|request| request.notify_url = Some("ftp://h/".to_owned())),
            5,
        ),
    ] {
        let answer = create(&mut session, PATHS[0], &request).await;
        assert_eq!(answer.code(), code, "{request:?}");
    }
    assert_eq!(session.query("o").await.code(), 30);
}

#[tokio::test]
async fn a_page_that_is_not_there_is_not_found_and_pages_are_kept_by_nobody() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    let created = create(&mut session, PATHS[0], &checkout_of("o")).await;
    let page = page_of(&created, &gateway);
    for path in [
        "/pay/",
        "/pay/x",
        "/pay/00000000000000000000000000000000",
        "/pay",
    ] {
        assert_eq!(get(&gateway, path).await.status / 100, 4, "{path}");
        assert_eq!(
            choose(&gateway, path, "pay").await.status / 100,
            4,
            "{path}"
        );
    }
    let shown = get(&gateway, &page).await;
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    assert_eq!(shown.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(shown.header("x-frame-options"), Some("DENY"));
    let policy = shown.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
}
