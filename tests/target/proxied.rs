//! Payments and refunds through nginx before the reference gateway: keep-alive
//! limits, TLS, reframed answers, and the ways in which a proxy lets down.

use std::sync::Arc;
use std::time::Duration;

use recoup::audit::{Money, Reply, classify};
use recoup::gateway::{self, Running, Settings};
use recoup::protocol::{Amount, Api, Barcode, PartnerNo, Profile, SignKey, StoreNo};
use recoup::target::orders::PayingOrders;
use recoup::target::{
    Budget, Caller, Clock, Connection, Ending, Endpoint, Exchange, Numbers, OrderError,
    OrderSource, PaidOrder, Partner, Schedule,
};

use crate::nginx::Nginx;

/// A partner of the reference gateway that calls it through `endpoint`.
fn caller(endpoint: Endpoint) -> Caller {
    // Two callers of one gateway name their orders apart.
    let numbers = Arc::new(Numbers::new(1, endpoint.url()));
    Caller {
        endpoint: Arc::new(endpoint),
        partner: Partner {
            number: PartnerNo::new("10001").unwrap(),
            key: SignKey::new("123456").unwrap(),
        },
        profile: Profile::built_in(),
        store: StoreNo::new("100001").unwrap(),
        numbers,
        clock: Clock::present(),
    }
}

async fn paid(caller: &Caller, amount: i64) -> Result<PaidOrder, OrderError> {
    let orders = PayingOrders {
        barcode: Barcode::new("2800000000000001").unwrap(),
        unpaid_barcode: None,
    };
    let source = OrderSource::paying(orders, Budget::new(None));
    source.paid(caller, Amount::new(amount)).await
}

/// A refund's document, under a fresh number.
fn refund_of(caller: &Caller, order: &PaidOrder, amount: i64) -> Vec<u8> {
    caller.refund(&order.number, &caller.numbers.refund(), Amount::new(amount))
}

async fn refund(caller: &Caller, order: &PaidOrder, amount: i64) -> Exchange {
    let document = refund_of(caller, order, amount);
    caller.post(Api::Refund, &document).await
}

fn money(caller: &Caller, exchange: &Exchange) -> Money {
    let reply = Reply::from(exchange);
    classify(&reply, &caller.partner.key, &caller.profile).money
}

/// A refund on a connection that is kept.
async fn refund_on(
    connection: &mut Connection,
    caller: &Caller,
    order: &PaidOrder,
    amount: i64,
) -> Money {
    let document = refund_of(caller, order, amount);
    let request = caller.endpoint.post(Api::Refund.path(), &document);
    let answer = connection.round_trip(&request).await;
    let reply = Reply::from(&answer);
    classify(&reply, &caller.partner.key, &caller.profile).money
}

/// An order is paid and refunded to the last unit, and not beyond.
async fn pays_back_exactly(caller: &Caller) {
    let order = paid(caller, 1_000).await.unwrap();
    for (amount, expected) in [
        (400, Money::Yes),
        (601, Money::NoAmount),
        (600, Money::Yes),
        (1, Money::NoAmount),
    ] {
        let exchange = refund(caller, &order, amount).await;
        assert_eq!(money(caller, &exchange), expected, "{exchange:?}");
    }
}

async fn gateway() -> Running {
    gateway::start(Settings::default()).await.unwrap()
}

#[tokio::test]
async fn a_gateway_behind_nginx_pays_back_exactly_what_was_paid() {
    let gateway = gateway().await;
    let Some(nginx) = Nginx::before(gateway.address(), "") else {
        return;
    };
    pays_back_exactly(&caller(nginx.plain())).await;
    pays_back_exactly(&caller(nginx.tls())).await;
}

#[tokio::test]
async fn a_connection_that_nginx_limits_is_given_up_in_time() {
    let gateway = gateway().await;
    let Some(nginx) = Nginx::before(gateway.address(), "keepalive_requests 3;") else {
        return;
    };
    for endpoint in [nginx.plain(), nginx.tls()] {
        let caller = caller(endpoint);
        let order = paid(&caller, 100).await.unwrap();
        let mut connection = caller.endpoint.connect().await.unwrap();
        let mut usable = Vec::new();
        for _ in 0..7 {
            if !connection.is_usable() {
                connection = caller.endpoint.connect().await.unwrap();
            }
            let money = refund_on(&mut connection, &caller, &order, 1).await;
            assert_eq!(money, Money::Yes, "no refund is lost to the limit");
            usable.push(connection.is_usable());
        }
        assert_eq!(usable, [true, true, false, true, true, false, true]);
    }
}

#[tokio::test]
async fn a_connection_that_nginx_closes_while_it_idles_is_not_used_again() {
    let gateway = gateway().await;
    let Some(nginx) = Nginx::before(gateway.address(), "keepalive_timeout 20ms;") else {
        return;
    };
    for endpoint in [nginx.plain(), nginx.tls()] {
        let caller = caller(endpoint);
        let order = paid(&caller, 100).await.unwrap();
        let mut connection = caller.endpoint.connect().await.unwrap();
        assert_eq!(
            refund_on(&mut connection, &caller, &order, 1).await,
            Money::Yes
        );
        // For as long as it takes: a connection that never shows that it was
        // closed makes this test hang.
        while connection.is_usable() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(
            refund_on(&mut connection, &caller, &order, 1).await,
            Money::NotSent
        );
    }
}

#[tokio::test]
async fn answers_that_nginx_reframes_keep_their_signed_bytes() {
    let gateway = gateway().await;
    // Who may rewrite a body can't know its length: it goes out in chunks. And
    // who has not asked for gzip gets none.
    let directives = "ssi on; ssi_types application/json;
        gzip on; gzip_types application/json; gzip_min_length 1;";
    let Some(nginx) = Nginx::before(gateway.address(), directives) else {
        return;
    };
    for endpoint in [nginx.plain(), nginx.tls()] {
        let caller = caller(endpoint);
        let order = paid(&caller, 100).await.unwrap();
        let exchange = refund(&caller, &order, 1).await;
        let answer = exchange.answer.as_ref().unwrap();
        assert_eq!(answer.header("transfer-encoding"), Some(&b"chunked"[..]));
        assert_eq!(answer.header("content-encoding"), None);
        assert_eq!(money(&caller, &exchange), Money::Yes);
        assert!(answer.keep_alive);
        pays_back_exactly(&caller).await;
    }
}

#[tokio::test]
async fn an_interim_answer_of_nginx_is_kept_and_not_taken_for_the_answer() {
    let gateway = gateway().await;
    let Some(nginx) = Nginx::before(gateway.address(), "") else {
        return;
    };
    let expecting = ["Expect: 100-continue".to_owned()];
    let caller = caller(nginx.plain().with_headers(&expecting).unwrap());
    let order = paid(&caller, 100).await.unwrap();
    let exchange = refund(&caller, &order, 1).await;
    assert!(exchange.received.starts_with(b"HTTP/1.1 100 Continue\r\n"));
    assert_eq!(exchange.status(), Some(200));
    assert_eq!(money(&caller, &exchange), Money::Yes);
}

#[tokio::test]
async fn a_request_that_nginx_drops_is_unknown() {
    let gateway = gateway().await;
    let dropping = "location /api/common/refund { return 444; }";
    let Some(nginx) = Nginx::before(gateway.address(), dropping) else {
        return;
    };
    for endpoint in [nginx.plain(), nginx.tls()] {
        let caller = caller(endpoint);
        let order = paid(&caller, 100).await.unwrap();
        let exchange = refund(&caller, &order, 1).await;
        assert!(
            matches!(exchange.ending, Ending::Closed(0) | Ending::Reset),
            "{:?}",
            exchange.ending
        );
        assert_eq!(money(&caller, &exchange), Money::Maybe);
    }
}

#[tokio::test]
async fn a_gateway_that_has_gone_is_a_502_that_proves_nothing() {
    let gateway = gateway().await;
    let Some(nginx) = Nginx::before(gateway.address(), "") else {
        return;
    };
    let caller = caller(nginx.plain());
    let order = paid(&caller, 100).await.unwrap();
    let mut connection = caller.endpoint.connect().await.unwrap();
    assert_eq!(
        refund_on(&mut connection, &caller, &order, 1).await,
        Money::Yes
    );
    gateway.stop().await;
    let exchange = refund(&caller, &order, 1).await;
    assert_eq!(exchange.ending, Ending::Answered);
    assert_eq!(exchange.status(), Some(502));
    assert!(exchange.body().unwrap().starts_with(b"<html>"));
    assert_eq!(money(&caller, &exchange), Money::Maybe);
    assert_eq!(
        refund_on(&mut connection, &caller, &order, 1).await,
        Money::Maybe
    );
    let refused = paid(&caller, 100).await.unwrap_err().to_string();
    assert!(refused.contains("no signed response"), "{refused}");
}

#[tokio::test]
async fn a_request_that_nginx_finds_too_large_is_answered_while_it_is_sent() {
    let gateway = gateway().await;
    let Some(nginx) = Nginx::before(gateway.address(), "client_max_body_size 1k;") else {
        return;
    };
    for endpoint in [nginx.plain(), nginx.tls()] {
        let request = endpoint.post(Api::Refund.path(), &vec![b' '; 4_000_000]);
        let exchange = endpoint.exchange(Schedule::whole(request)).await;
        assert_eq!(exchange.status(), Some(413), "{:?}", exchange.ending);
    }
}
