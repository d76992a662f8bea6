//! What happens below the protocol: methods, paths, types, sizes, slow callers.

use std::time::Duration;

use recoup::gateway::ChosenFault;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::client::{Client, Session, other_shop, post, refund_of, shop, start};
use crate::operations::{counted, get};

const REFUND: &str = "/api/common/refund";

#[tokio::test]
async fn other_methods_and_paths_are_refused_signed_and_the_connection_goes_on() {
    let gateway = start(|_| {}).await;
    let mut client = Client::connect(gateway.address()).await;
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "post", "BREW"] {
        let head = format!("{method} {REFUND} HTTP/1.1\r\nHost: g\r\nContent-Length: 0\r\n\r\n");
        client.send(head).await;
        let answer = client.receive().await.unwrap();
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("POST"));
        assert!(answer.is_signed_by(&shop().key));
    }
    let document = other_shop().seal(&refund_of("o", "r", 1));
    for path in [
        "/",
        "/api/common/refund/",
        "//api/common/refund",
        "/API/common/refund",
    ] {
        let answer = client.post(path, &document).await.unwrap();
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.is_signed_by(&other_shop().key), "{path}");
    }
    let answer = client.post(REFUND, &document).await.unwrap();
    assert_eq!((answer.status, answer.code()), (200, 30));
    assert_eq!(
        answer.header("content-type"),
        Some("application/json;charset=UTF-8")
    );
}

#[tokio::test]
async fn a_head_request_is_answered_without_a_body() {
    let gateway = start(|_| {}).await;
    let mut client = Client::connect(gateway.address()).await;
    let mut both = format!("HEAD {REFUND} HTTP/1.1\r\nHost: g\r\n\r\n").into_bytes();
    both.extend(post("/nowhere", "", b""));
    client.send(both).await;
    client.close_writing().await;
    let answers = client.receive_all().await;
    let statuses = answers.matches("HTTP/1.1 ").count();
    assert_eq!(statuses, 2, "{answers}");
    assert_eq!(answers.matches("\"signature\"").count(), 1, "{answers}");
}

#[tokio::test]
async fn only_plain_json_in_utf_8_is_read() {
    let gateway = start(|_| {}).await;
    let document = shop().seal(&refund_of("o", "r", 1));
    let mut client = Client::connect(gateway.address()).await;
    for (headers, status) in [
        ("Content-Type: Application/JSON; charset=\"utf-8\"\r\n", 200),
        ("", 415),
        ("Content-Type: text/plain\r\n", 415),
        ("Content-Type: application/json;charset=gbk\r\n", 415),
        (
            "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
            415,
        ),
        (
            "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
            415,
        ),
        (
            "Content-Type: application/json\r\nContent-Encoding: identity\r\n",
            200,
        ),
        (
            "Content-Type: application/json\r\nExpect: miracles\r\n",
            417,
        ),
        ("Content-Type: application/json\r\nHost: another\r\n", 400),
    ] {
        let length = document.len();
        client
            .send(format!(
                "POST {REFUND} HTTP/1.1\r\nHost: g\r\n{headers}Content-Length: {length}\r\n\r\n"
            ))
            .await;
        client.send(&document).await;
        let answer = client.receive().await.unwrap();
        assert_eq!(answer.status, status, "{headers}");
        assert!(answer.is_signed_by(&shop().key), "{headers}");
    }
}

#[tokio::test]
async fn a_body_at_the_limit_is_read_and_a_larger_one_is_not() {
    let gateway = start(|settings| settings.limits.body = 2000).await;
    let mut session = Session::open(&gateway, shop()).await;
    let mut document = session.caller.seal(&refund_of("o", "r", 1));
    document.resize(2000, b' ');
    assert_eq!(session.call(REFUND, &document).await.status, 200);

    for extra in [1, 500_000, 10_000_000] {
        let mut session = Session::open(&gateway, shop()).await;
        let mut large = document.clone();
        large.resize(2000 + extra, b' ');
        if let Some(answer) = session.client.post(REFUND, &large).await {
            assert_eq!(answer.status, 413);
            assert_eq!(answer.header("connection"), Some("close"));
            assert!(answer.is_signed_by(&shop().key));
        } else {
            // So much was left unread that the answer can get lost.
            assert!(extra > 1_000_000);
        }
    }

    // Who asks first is told before it sends.
    let mut client = Client::connect(gateway.address()).await;
    client
        .send(format!("POST {REFUND} HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: 2001\r\n\r\n"))
        .await;
    assert_eq!(client.receive().await.unwrap().status, 413);
}

#[tokio::test]
async fn chunks_and_leave_to_continue_are_understood() {
    let gateway = start(|_| {}).await;
    let document = shop().seal(&refund_of("o", "r", 1));
    let mut client = Client::connect(gateway.address()).await;
    let head = format!("POST {REFUND} HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n");
    client
        .send(format!("{head}Transfer-Encoding: chunked\r\n\r\n"))
        .await;
    for byte in &document {
        client
            .send([b"1;x=y\r\n", &[*byte][..], b"\r\n"].concat())
            .await;
    }
    client.send("0\r\nTrailer: t\r\n\r\n").await;
    assert_eq!(client.receive().await.unwrap().code(), 30);

    let length = document.len();
    client
        .send(format!(
            "{head}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        ))
        .await;
    assert_eq!(client.receive().await.unwrap().status, 100);
    client.send(&document).await;
    assert_eq!(client.receive().await.unwrap().code(), 30);
}

#[tokio::test]
async fn two_framings_at_once_are_one_request_and_the_connection_ends() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let hidden = post(REFUND, "", &shop().seal(&refund_of("o", "hidden", 60)));
    let mut client = Client::connect(gateway.address()).await;
    client
        .send(format!(
            "POST {REFUND} HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            hidden.len()
        ))
        .await;
    client.send(&hidden).await;
    if let Some(answer) = client.receive().await {
        assert_eq!(answer.code(), 6);
    }
    assert!(client.receive().await.is_none());
    assert_eq!(session.drain("o").await, 100);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_even_after_a_half_close() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let refund =
        |number: &str, amount| post(REFUND, "", &shop().seal(&refund_of("o", number, amount)));
    let client = &mut session.client;
    client
        .send([refund("r1", 60), refund("r2", 41), refund("r3", 40)].concat())
        .await;
    client.close_writing().await;
    let mut codes = Vec::new();
    while let Some(answer) = client.receive().await {
        codes.push(answer.code());
    }
    assert_eq!(codes, [1, 35, 1]);
}

#[tokio::test]
async fn slow_callers_are_cut_off_and_others_are_still_served() {
    let gateway = start(|settings| {
        settings.limits.head_read = Duration::from_millis(300);
        settings.limits.body_read = Duration::from_millis(300);
        settings.limits.connections = 4;
    })
    .await;
    // More than there are places for: each has to be cut off for the last to
    // be served at all.
    let silent = Client::connect(gateway.address()).await;
    let mut slow_head = Client::connect(gateway.address()).await;
    slow_head
        .send(format!("POST {REFUND} HTTP/1.1\r\nHost: g"))
        .await;
    let mut slow_body = Client::connect(gateway.address()).await;
    let document = shop().seal(&refund_of("o", "r", 1));
    let request = post(REFUND, "", &document);
    slow_body.send(&request[..request.len() - 1]).await;
    let mut used = Session::open(&gateway, shop()).await;
    used.pay("o", 100).await;
    let mut last = Session::open(&gateway, shop()).await;
    assert_eq!(last.refund("o", "last", 1).await.code(), 1);

    assert_eq!(slow_body.receive().await.unwrap().status, 408);
    assert!(slow_body.receive().await.is_none());
    for mut client in [silent, slow_head, used.client] {
        if let Some(answer) = client.receive().await {
            assert_eq!(answer.status, 408);
        }
        assert!(client.receive().await.is_none());
    }
}

#[tokio::test]
async fn a_body_that_comes_steadily_is_read_however_long_it_takes() {
    let gateway = start(|settings| {
        settings.limits.body_read = Duration::from_millis(50);
        // Each byte gives a second more.
        settings.limits.slowest_body = 1;
    })
    .await;
    let document = shop().seal(&refund_of("o", "r", 1));
    let request = post(REFUND, "", &document);
    let (beginning, rest) = request.split_at(request.len() - 40);
    let mut client = Client::connect(gateway.address()).await;
    client.send(beginning).await;
    for byte in rest {
        tokio::time::sleep(Duration::from_millis(5)).await;
        client.send([*byte]).await;
    }
    assert_eq!(client.receive().await.unwrap().code(), 30);
}

#[tokio::test]
async fn who_sends_and_never_reads_loses_its_place() {
    let gateway = start(|settings| {
        settings.limits.answer_write = Duration::from_millis(100);
        settings.limits.connections = 1;
    })
    .await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut deaf = socket.connect(gateway.address()).await.unwrap();
    // It sends until it is cut off, and not a byte of an answer is taken.
    let sending = tokio::spawn(async move {
        let request = b"GET / HTTP/1.1\r\nHost: g\r\n\r\n".repeat(100);
        while deaf.write_all(&request).await.is_ok() {}
    });
    let mut session = Session::open(&gateway, shop()).await;
    assert_eq!(session.refund("o", "r", 1).await.code(), 30);
    sending.await.unwrap();
}

#[tokio::test]
async fn more_connections_than_there_are_places_for_wait_to_be_let_in() {
    let gateway = start(|settings| settings.limits.connections = 2).await;
    let mut first = Session::open(&gateway, shop()).await;
    let mut second = Session::open(&gateway, shop()).await;
    first.pay("o", 100).await;
    second.pay("p", 100).await;
    let mut third = Session::open(&gateway, shop()).await;
    let document = shop().seal(&refund_of("o", "third", 10));
    third.client.send(post(REFUND, "", &document)).await;
    // Those who are in are served, and nobody else is.
    for count in 0..20 {
        let answer = first.refund("o", &format!("r{count}"), 1).await;
        assert_eq!(answer.code(), 1);
    }
    assert_eq!(counted(&mut second.client, "recoup_connections").await, 2);
    drop(first);
    assert_eq!(third.client.receive().await.unwrap().code(), 1);
}

#[tokio::test]
async fn calls_that_the_store_cannot_keep_up_with_are_answered_as_busy_at_once() {
    let gateway = start(|settings| {
        // A store that is at a refund for longer than any test runs.
        let slow: ChosenFault = "lost-update=600000000".parse().unwrap();
        settings.faults = [slow].into_iter().collect();
        settings.limits.waiting = 1;
    })
    .await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let mut waiting = Client::connect(gateway.address()).await;
    let document = shop().seal(&refund_of("o", "first", 10));
    waiting.send(post(REFUND, "", &document)).await;
    while counted(&mut session.client, "recoup_calls_waiting").await != 1 {
        tokio::task::yield_now().await;
    }
    // Every answer of a session is signed, or it would fail.
    let busy = session.refund("o", "second", 10).await;
    assert_eq!((busy.status, busy.code()), (200, 22));
    assert_eq!(session.query("o").await.code(), 22);
    // Who runs it is still told how it is.
    let client = &mut session.client;
    assert_eq!(counted(client, "recoup_calls_turned_away_total").await, 2);
    assert_eq!(get(client, "/healthz").await.status, 200);
}

#[tokio::test]
async fn a_head_that_never_ends_is_refused_and_others_are_served() {
    let gateway = start(|_| {}).await;
    let mut client = Client::connect(gateway.address()).await;
    let filler = "x".repeat(100_000);
    client
        .send(format!(
            "POST {REFUND} HTTP/1.1\r\nHost: g\r\nFiller: {filler}"
        ))
        .await;
    if let Some(answer) = client.receive().await {
        assert_eq!(answer.status, 431);
    }
    assert!(client.receive().await.is_none());
    let mut session = Session::open(&gateway, shop()).await;
    assert_eq!(session.refund("o", "r", 1).await.code(), 30);
}

#[tokio::test]
async fn a_document_that_nests_too_deep_is_refused_and_nothing_else_happens() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    for levels in [129, 30_000] {
        let document = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let answer = session.call(REFUND, document.as_bytes()).await;
        assert_eq!(answer.code(), 6, "{levels}");
    }
    assert_eq!(session.refund("o", "r", 1).await.code(), 30);
}

#[tokio::test]
async fn a_stopped_gateway_still_answers_what_was_under_way() {
    let gateway = start(|_| {}).await;
    let address = gateway.address();
    let document = shop().seal(&refund_of("o", "r", 1));
    let mut client = Client::connect(address).await;
    let request = post(REFUND, "Expect: 100-continue\r\n", &document);
    let (head, body) = request.split_at(request.len() - document.len());
    client.send(head).await;
    assert_eq!(client.receive().await.unwrap().status, 100);

    let stopping = tokio::spawn(gateway.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    client.send(body).await;
    assert_eq!(client.receive().await.unwrap().code(), 30);
    assert!(client.receive().await.is_none());
    stopping.await.unwrap();
}
