//! The connection against servers that answer in every way.

use tokio::io::duplex;

use super::*;

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";

/// A server that reads the request, then sends `answer` and closes.
async fn against(answer: &'static [u8]) -> Exchange {
    let (ours, mut theirs) = duplex(1 << 16);
    let server = tokio::spawn(async move {
        let mut request = vec![0; REQUEST.len()];
        theirs.read_exact(&mut request).await.unwrap();
        theirs.write_all(answer).await.unwrap();
    });
    let limits = Limits::within(Duration::from_secs(5));
    let exchange = Connection::new(ours, limits)
        .exchange(Schedule::whole(REQUEST.to_vec()))
        .await;
    server.await.unwrap();
    exchange
}

#[tokio::test]
async fn a_whole_answer_is_kept_byte_for_byte() {
    let exchange = against(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    assert_eq!(exchange.ending, Ending::Answered);
    assert_eq!(exchange.body(), Some(&b"ok"[..]));
    assert_eq!(exchange.sent, REQUEST);
    assert_eq!(
        exchange.received,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    );
}

#[tokio::test]
async fn a_request_without_its_last_byte_is_completed_when_it_is_time() {
    let (ours, mut theirs) = duplex(1 << 16);
    let mut connection = Connection::new(ours, Limits::within(Duration::from_secs(5)));
    let schedule = Schedule::all_but_last(REQUEST.to_vec());
    let mut flight = connection.launch(schedule).await;
    let mut heard = [0; 64];
    let count = theirs.read(&mut heard).await.unwrap();
    assert_eq!(&heard[..count], &REQUEST[..REQUEST.len() - 1]);
    connection.complete(&mut flight).await;
    let count = theirs.read(&mut heard).await.unwrap();
    assert_eq!(&heard[..count], b"}");
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    theirs.write_all(answer).await.unwrap();
    let exchange = connection.land(flight).await;
    assert_eq!(exchange.ending, Ending::Answered);
    assert_eq!(exchange.sent, REQUEST);
}

#[tokio::test]
async fn an_answer_that_ends_early_is_none() {
    let exchange = against(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok").await;
    assert_eq!(exchange.ending, Ending::Closed(40));
    assert_eq!(exchange.answer, None);
    assert!(exchange.may_have_reached());
}

#[tokio::test]
async fn garbage_is_malformed_and_may_have_reached_the_gateway() {
    let exchange = against(b"220 mail ready\r\n\r\n").await;
    assert!(matches!(exchange.ending, Ending::Malformed(_)));
    assert!(exchange.may_have_reached());
}

#[tokio::test]
async fn silence_times_out() {
    let (ours, _theirs) = duplex(1 << 16);
    let mut connection = Connection::new(ours, Limits::within(Duration::from_millis(20)));
    let exchange = connection.exchange(Schedule::whole(REQUEST.to_vec())).await;
    assert_eq!(exchange.ending, Ending::TimedOut(Phase::Answer));
    assert!(!connection.is_usable());
}

#[tokio::test]
async fn a_connection_that_is_closed_before_the_body_was_sent_reached_nobody() {
    let (ours, theirs) = duplex(16);
    drop(theirs);
    let exchange = Connection::new(ours, Limits::default())
        .exchange(Schedule::whole(REQUEST.to_vec()))
        .await;
    assert!(matches!(exchange.ending, Ending::NotSent(_)));
    assert!(!exchange.may_have_reached());
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_is_complete_is_read() {
    let (ours, mut theirs) = duplex(1 << 16);
    let server = tokio::spawn(async move {
        let mut head = [0; 20];
        theirs.read_exact(&mut head).await.unwrap();
        theirs
            .write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
    });
    let schedule = Schedule::sliced(REQUEST.to_vec(), 20, Duration::from_millis(50));
    let exchange = Connection::new(ours, Limits::default())
        .exchange(schedule)
        .await;
    server.await.unwrap();
    assert_eq!(exchange.status(), Some(413));
}

#[tokio::test]
async fn an_answer_larger_than_the_limit_is_refused() {
    let (ours, mut theirs) = duplex(1 << 16);
    let server = tokio::spawn(async move {
        let _ = theirs
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")
            .await;
        let _ = theirs.write_all(&[b'x'; 9000]).await;
    });
    let limits = Limits {
        largest_answer: 1000,
        ..Limits::default()
    };
    let exchange = Connection::new(ours, limits)
        .exchange(Schedule::whole(REQUEST.to_vec()))
        .await;
    server.await.unwrap();
    assert_eq!(exchange.ending, Ending::TooLarge(1000));
}

#[tokio::test]
async fn keep_alive_carries_one_round_trip_after_the_other() {
    let (ours, mut theirs) = duplex(1 << 16);
    let server = tokio::spawn(async move {
        let mut request = vec![0; REQUEST.len()];
        for body in ["1", "2"] {
            theirs.read_exact(&mut request).await.unwrap();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{body}");
            theirs.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let mut connection = Connection::new(ours, Limits::default());
    assert_eq!(connection.round_trip(REQUEST).await.unwrap().body, b"1");
    assert!(connection.is_usable());
    assert_eq!(connection.round_trip(REQUEST).await.unwrap().body, b"2");
    server.await.unwrap();
    assert!(!connection.is_usable(), "the other side has gone");
}

/// A server that reads the head, says `first`, reads a body of two bytes if it
/// comes, and says `second`.
async fn expecting(first: &'static [u8], second: &'static [u8]) -> Exchange {
    const HEAD: usize = REQUEST.len() - 2;
    let (ours, mut theirs) = duplex(1 << 16);
    let server = tokio::spawn(async move {
        let mut head = vec![0; HEAD];
        theirs.read_exact(&mut head).await.unwrap();
        theirs.write_all(first).await.unwrap();
        if !second.is_empty() {
            let mut body = [0; 2];
            theirs.read_exact(&mut body).await.unwrap();
            theirs.write_all(second).await.unwrap();
        }
        theirs
    });
    let steps = vec![
        Step::Write(0..HEAD),
        Step::AwaitInterim(Duration::from_secs(5)),
        Step::Write(HEAD..REQUEST.len()),
    ];
    let exchange = Connection::new(ours, Limits::within(Duration::from_secs(5)))
        .exchange(Schedule::new(REQUEST.to_vec(), steps))
        .await;
    drop(server.await.unwrap());
    exchange
}

#[tokio::test]
async fn an_interim_answer_is_waited_for_and_then_the_body_follows() {
    let exchange = expecting(
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(exchange.status(), Some(200));
    assert_eq!(exchange.written, REQUEST.len());
}

#[tokio::test]
async fn a_final_answer_in_place_of_an_interim_one_keeps_the_body_back() {
    let exchange = expecting(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", b"").await;
    assert_eq!(exchange.status(), Some(417));
    assert_eq!(exchange.written, REQUEST.len() - 2);
}

#[tokio::test]
async fn a_request_that_is_held_back_goes_on_where_it_stopped() {
    let (ours, mut theirs) = duplex(1 << 16);
    let mut connection = Connection::new(ours, Limits::within(Duration::from_secs(5)));
    let held = REQUEST.len() - 1;
    let schedule = Schedule::new(REQUEST.to_vec(), vec![Step::Write(0..held)]);
    let mut flight = connection.launch(schedule).await;
    connection
        .proceed(&mut flight, &[Step::Write(held..REQUEST.len())])
        .await;
    let mut request = vec![0; REQUEST.len()];
    theirs.read_exact(&mut request).await.unwrap();
    assert_eq!(request, REQUEST);
    theirs
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    let exchange = connection.land(flight).await;
    assert_eq!(exchange.status(), Some(200));
    assert_eq!(exchange.written, REQUEST.len());
}

#[tokio::test]
async fn whether_the_other_side_closes_is_waited_for_so_long_and_no_longer() {
    let limits = Limits::within(Duration::from_secs(5));
    let (ours, theirs) = duplex(64);
    let mut connection = Connection::new(ours, limits);
    assert!(!connection.closes_within(Duration::from_millis(5)).await);
    drop(theirs);
    assert!(connection.closes_within(Duration::from_secs(5)).await);
}
