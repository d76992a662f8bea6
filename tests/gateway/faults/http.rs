//! What is wrong between the socket and the call.

use std::time::Duration;

use recoup::gateway::{Fault, Running};
use tokio::time::timeout;

use super::proof::REFUND;
use super::start_with;
use crate::client::{Client, Session, caller, post, refund_of, shop, start};

/// The document of a refund of 1 under this number, of the order `o`.
fn document(number: &str) -> Vec<u8> {
    shop().seal(&refund_of("o", number, 1))
}

/// A head with these lines; the body follows as one likes.
fn head(lines: &str) -> Vec<u8> {
    format!("POST {REFUND} HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n{lines}\r\n")
        .into_bytes()
}

/// A gateway with this fault and one without, both with a paid order `o`.
async fn wrong_and_right(fault: Fault) -> [Running; 2] {
    let gateways = [start_with(fault).await, start(|_| {}).await];
    for gateway in &gateways {
        Session::open(gateway, shop()).await.pay("o", 100).await;
    }
    gateways
}

/// What a whole request, on a connection of its own, is answered with: the
/// HTTP status, and the code where there is one.
async fn outcome(gateway: &Running, request: &[u8]) -> (u16, i64) {
    let mut client = Client::connect(gateway.address()).await;
    client.send(request).await;
    loop {
        match client.receive().await {
            None => return (0, 0),
            Some(leave) if leave.status == 100 => {}
            Some(answer) if answer.body.is_empty() => return (answer.status, 0),
            Some(answer) => return (answer.status, answer.code()),
        }
    }
}

/// That the gateway with the fault accepts each request, and the right one
/// none of them.
async fn is_taken(fault: Fault, requests: Vec<(&str, Vec<u8>)>) {
    let [wrong, right] = wrong_and_right(fault).await;
    for (label, request) in requests {
        assert_eq!(
            outcome(&wrong, &request).await,
            (200, 1),
            "{fault}: {label}"
        );
        let (status, code) = outcome(&right, &request).await;
        assert_ne!((status, code), (200, 1), "without {fault}: {label}");
    }
}

#[tokio::test]
async fn any_method_is_a_post() {
    let request = |method: &str, number| {
        let text = String::from_utf8(post(REFUND, "", &document(number))).unwrap();
        text.replacen("POST", method, 1).into_bytes()
    };
    let requests = vec![
        ("GET", request("GET", "a")),
        ("DELETE", request("DELETE", "b")),
        ("BREW", request("BREW", "c")),
    ];
    is_taken(Fault::AnyMethod, requests).await;
}

#[tokio::test]
async fn any_path_is_the_refund() {
    let requests = vec![
        ("the root", post("/", "", &document("a"))),
        (
            "a letter more",
            post("/api/common/refunds", "", &document("b")),
        ),
    ];
    is_taken(Fault::AnyPath, requests).await;
}

#[tokio::test]
async fn content_type_ignored_is_any_or_none() {
    let request = |kind: &str, number| {
        let text = String::from_utf8(post(REFUND, "", &document(number))).unwrap();
        text.replacen("Content-Type: application/json\r\n", kind, 1)
            .into_bytes()
    };
    let requests = vec![
        ("text", request("Content-Type: text/plain\r\n", "a")),
        ("none", request("", "b")),
    ];
    is_taken(Fault::ContentTypeIgnored, requests).await;
}

#[tokio::test]
async fn content_type_exact_refuses_a_charset() {
    let [wrong, right] = wrong_and_right(Fault::ContentTypeExact).await;
    let request = post(REFUND, "", &document("a"));
    let spelt = String::from_utf8(post(REFUND, "", &document("b"))).unwrap();
    let spelt = spelt.replace("application/json", "application/json;charset=UTF-8");
    assert_eq!(outcome(&right, spelt.as_bytes()).await, (200, 1));
    assert_eq!(outcome(&wrong, spelt.as_bytes()).await, (415, 3));
    assert_eq!(outcome(&wrong, &request).await, (200, 1));
}

#[tokio::test]
async fn chunked_unread_is_an_empty_body() {
    let [wrong, right] = wrong_and_right(Fault::ChunkedUnread).await;
    let body = document("a");
    let mut request = head("Transfer-Encoding: chunked\r\n");
    request.extend(format!("{:x}\r\n", body.len()).bytes());
    request.extend(&body);
    request.extend(b"\r\n0\r\n\r\n");
    assert_eq!(outcome(&wrong, &request).await, (200, 6));
    assert_eq!(outcome(&right, &request).await, (200, 1));
}

#[tokio::test]
async fn broken_chunks_taken_whatever_their_size_says() {
    let request = |size: &dyn Fn(usize) -> String, number| {
        let body = document(number);
        let mut request = head("Transfer-Encoding: chunked\r\n");
        request.extend(format!("{}\r\n", size(body.len())).bytes());
        request.extend(&body);
        request.extend(b"\r\n0\r\n\r\n");
        request
    };
    let requests = vec![
        ("letters", request(&|_| "xyz".to_owned(), "a")),
        ("negative", request(&|length| format!("-{length:x}"), "b")),
        ("0x", request(&|length| format!("0x{length:x}"), "c")),
        ("64 bits", request(&|length| format!("1{length:016x}"), "d")),
        (
            "too small",
            request(&|length| format!("{:x}", length - 2), "e"),
        ),
    ];
    is_taken(Fault::BrokenChunksTaken, requests).await;
    // Right chunks are read right.
    let [wrong, _] = wrong_and_right(Fault::BrokenChunksTaken).await;
    let whole = request(&|length| format!("{length:X};x=y"), "f");
    assert_eq!(outcome(&wrong, &whole).await, (200, 1));
}

#[tokio::test]
async fn broken_heads_taken_as_far_as_they_go() {
    let request = |from: &str, to: &str, number| {
        let text = String::from_utf8(post(REFUND, "X-Odd: 1\r\n", &document(number))).unwrap();
        assert!(text.contains(from));
        text.replacen(from, to, 1).into_bytes()
    };
    let requests = vec![
        ("a version", request("HTTP/1.1", "HTTP/3.7", "a")),
        ("no host", request("Host: gateway\r\n", "", "b")),
        ("a NUL", request("X-Odd: 1", "X-Odd: a\0b", "c")),
        ("a space", request("X-Odd:", "X-Odd :", "d")),
        ("no name", request("X-Odd:", ":", "e")),
    ];
    is_taken(Fault::BrokenHeadsTaken, requests).await;
}

#[tokio::test]
async fn broken_lengths_taken_by_counting_braces() {
    let request = |lines: &dyn Fn(usize) -> String, number| {
        let body = document(number);
        let mut request = head(&lines(body.len()));
        request.extend(&body);
        request
    };
    let line = |value: String| format!("Content-Length: {value}\r\n");
    let requests = vec![
        ("none", request(&|_| String::new(), "a")),
        (
            "small",
            request(&|length| line((length - 5).to_string()), "b"),
        ),
        (
            "negative",
            request(&|length| line(format!("-{length}")), "c"),
        ),
        ("a sign", request(&|length| line(format!("+{length}")), "d")),
        ("0x", request(&|length| line(format!("0x{length:x}")), "e")),
        (
            "64 bits",
            request(&|_| line("18446744073709551617".to_owned()), "f"),
        ),
        (
            "two",
            request(
                &|length| line(length.to_string()) + &line((length - 1).to_string()),
                "g",
            ),
        ),
        (
            "xchunked",
            request(&|_| "Transfer-Encoding: xchunked\r\n".to_owned(), "h"),
        ),
    ];
    is_taken(Fault::BrokenLengthsTaken, requests).await;
}

#[tokio::test]
async fn length_and_chunks_smuggled_make_a_second_refund() {
    let [wrong, right] = wrong_and_right(Fault::LengthAndChunksSmuggled).await;
    for (gateway, rest) in [(&wrong, 99), (&right, 100)] {
        let hidden = post(REFUND, "", &document("hidden"));
        let mut request = head(&format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n",
            hidden.len() + 5
        ));
        request.extend(b"0\r\n\r\n");
        request.extend(&hidden);
        let mut client = Client::connect(gateway.address()).await;
        client.send(&request).await;
        client.close_writing().await;
        while client.receive().await.is_some() {}
        let mut session = Session::open(gateway, shop()).await;
        assert_eq!(session.drain("o").await, rest);
    }
}

#[tokio::test]
async fn expect_unanswered_is_refused_with_417() {
    let [wrong, right] = wrong_and_right(Fault::ExpectUnanswered).await;
    let request = post(REFUND, "Expect: 100-continue\r\n", &document("a"));
    assert_eq!(outcome(&wrong, &request).await, (417, 0));
    assert_eq!(outcome(&right, &request).await, (200, 1));
}

#[tokio::test]
async fn one_packet_is_all_that_is_read() {
    let [wrong, _] = wrong_and_right(Fault::OnePacket).await;
    let request = post(REFUND, "", &document("a"));
    let mut client = Client::connect(wrong.address()).await;
    // The rest is not even waited for.
    client.send(&request[..30]).await;
    assert_eq!(client.receive().await.unwrap().status, 400);
    assert_eq!(outcome(&wrong, &request).await, (200, 1));
}

#[tokio::test]
async fn half_close_aborts_what_was_asked() {
    let [wrong, right] = wrong_and_right(Fault::HalfCloseAborts).await;
    for (gateway, is_answered) in [(&wrong, false), (&right, true)] {
        let mut client = Client::connect(gateway.address()).await;
        client.send(post(REFUND, "", &document("a"))).await;
        client.close_writing().await;
        assert_eq!(client.receive().await.is_some(), is_answered);
    }
}

#[tokio::test]
async fn keep_alive_leftovers_spoil_the_next_request() {
    let [wrong, right] = wrong_and_right(Fault::KeepAliveLeftovers).await;
    for (gateway, status) in [(&wrong, 400), (&right, 200)] {
        let mut session = Session::open(gateway, shop()).await;
        let forged = caller("10001", "guessed").seal(&refund_of("o", "r", 1));
        assert_eq!(session.call(REFUND, &forged).await.code(), 8);
        let next = session.client.post(REFUND, &document("a")).await.unwrap();
        assert_eq!(next.status, status);
    }
}

#[tokio::test]
async fn pipelined_lost_is_every_second_request() {
    let [wrong, right] = wrong_and_right(Fault::PipelinedLost).await;
    for (gateway, answers) in [(&wrong, 1), (&right, 2)] {
        let mut client = Client::connect(gateway.address()).await;
        let both = [
            post(REFUND, "", &document("a")),
            post(REFUND, "", &document("b")),
        ];
        client.send(both.concat()).await;
        client.close_writing().await;
        let mut count = 0;
        while client.receive().await.is_some() {
            count += 1;
        }
        assert_eq!(count, answers);
    }
}

#[tokio::test]
async fn crashes_reset_every_connection_for_good() {
    let deep = "[".repeat(1000);
    let huge = "a".repeat(100_000);
    let long = format!("X-Long: {huge}\r\n");
    for (fault, harmless, fatal) in [
        (
            Fault::OversizedCrashes,
            post(REFUND, "", deep.as_bytes()),
            post(REFUND, "", huge.as_bytes()),
        ),
        (
            Fault::OversizedCrashes,
            post(REFUND, "", b"{"),
            post(REFUND, &long, b"{}"),
        ),
        (
            Fault::JsonNestingCrashes,
            post(REFUND, "", b"[[[]]]"),
            post(REFUND, "", deep.as_bytes()),
        ),
    ] {
        let [wrong, right] = wrong_and_right(fault).await;
        let mut waiting = Client::connect(wrong.address()).await;
        assert_eq!(outcome(&wrong, &harmless).await.0, 200, "{fault}");
        assert_eq!(outcome(&wrong, &fatal).await, (0, 0), "{fault}");
        assert!(waiting.receive().await.is_none(), "{fault}");
        let good = post(REFUND, "", &document("a"));
        assert_eq!(outcome(&wrong, &good).await, (0, 0), "{fault}");
        // It is dead, and stops all the same.
        wrong.stop().await;
        outcome(&right, &fatal).await;
        assert_eq!(outcome(&right, &good).await, (200, 1), "{fault}");
    }
}

#[tokio::test]
async fn json_number_hangs_and_others_are_answered_and_a_stop_is_not_kept_waiting() {
    let [wrong, right] = wrong_and_right(Fault::JsonNumberHangs).await;
    let long = document("a");
    let long = String::from_utf8(long).unwrap();
    let long = post(
        REFUND,
        "",
        long.replace(":1}", &format!(":{}}}", "1".repeat(300)))
            .as_bytes(),
    );
    assert_eq!(outcome(&right, &long).await, (200, 8));
    let mut hung = Client::connect(wrong.address()).await;
    hung.send(&long).await;
    let good = post(REFUND, "", &document("b"));
    assert_eq!(outcome(&wrong, &good).await, (200, 1));
    assert!(
        timeout(Duration::from_millis(200), hung.receive())
            .await
            .is_err()
    );
    wrong.stop().await;
    assert!(hung.receive().await.is_none());
}

#[tokio::test]
async fn slow_sender_blocks_everybody_else_until_it_is_done() {
    let [wrong, _] = wrong_and_right(Fault::SlowSenderBlocks).await;
    let body = document("a");
    let mut dawdling = Client::connect(wrong.address()).await;
    let lines = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", body.len());
    dawdling.send(head(&lines)).await;
    assert_eq!(dawdling.receive().await.unwrap().status, 100);
    let mut other = Client::connect(wrong.address()).await;
    other.send(post(REFUND, "", &document("b"))).await;
    assert!(
        timeout(Duration::from_millis(300), other.receive())
            .await
            .is_err()
    );
    dawdling.send(&body).await;
    assert_eq!(dawdling.receive().await.unwrap().code(), 1);
    assert_eq!(other.receive().await.unwrap().code(), 1);
}
