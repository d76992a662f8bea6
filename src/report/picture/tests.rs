//! What stands on a picture, and that nothing runs into anything else.

use super::*;
use crate::audit::{TextReader, judge};
use crate::report::sample;
use crate::verdict::Claim;
use sheet::Size;

/// The first violation of a history of one order, whose operations are
/// `refund amount sent answered outcome`, or `query - sent answered outcome`.
fn violation(paid: i64, operations: &[String]) -> Violation {
    let mut text = format!(
        "{{\"schema\":\"recoup.history/1\",\"duplicates\":\"either\",\"lateFailure\":false}}\n\
         {{\"type\":\"order\",\"order\":\"o<1>\",\"paid\":{paid},\"currency\":\"JPY\"}}\n"
    );
    for operation in operations {
        let words: Vec<&str> = operation.split(' ').collect();
        let [refund, amount, sent, answered, outcome] = words[..] else {
            panic!("{operation}");
        };
        let what = match refund {
            "query" => "\"type\":\"query\"".to_owned(),
            _ => format!(
                "\"type\":\"refund\",\"refund\":\"{refund}\",\"amount\":{amount},\"sentNs\":{sent}000"
            ),
        };
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "{{{what},\"order\":\"o<1>\",\"sent\":{sent},\"answered\":{answered},\"outcome\":\"{outcome}\"}}"
        );
    }
    let history = TextReader::new(text.as_bytes())
        .unwrap()
        .read_all()
        .unwrap();
    judge(&history).violations.remove(0)
}

fn operations(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn draw(violation: &Violation) -> String {
    let exhibit = violation.exhibit.as_ref().unwrap();
    svg(violation, exhibit.scene.as_ref().unwrap(), Place::File)
}

fn race() -> Violation {
    violation(
        1_000,
        &operations(&[
            "r1 600 1 4 accepted",
            "r2 550 2 3 accepted",
            "r3 50 5 6 refused",
            "query - 7 8 not-refunded",
            "r4 10 9 null unknown",
        ]),
    )
}

/// Refunds of one unit more than fits, so many at once.
fn storm(count: u64) -> Violation {
    let refund = |n| {
        format!(
            "a-rather-long-refund-number-{n:04} 10 {} {} accepted",
            n + 1,
            2 * count - n
        )
    };
    let paid = i64::try_from(count * 10 - 1).unwrap();
    violation(paid, &(0..count).map(refund).collect::<Vec<_>>())
}

/// A text on a picture: its height, and from where to where it goes.
struct Label {
    y: f64,
    from: f64,
    to: f64,
    /// What it says, for a failed test to show.
    words: String,
}

fn attribute(element: &str, name: &str) -> Option<f64> {
    let (_, rest) = element.split_once(&format!(" {name}=\""))?;
    rest.split_once('"')?.0.parse().ok()
}

fn labels(svg: &str) -> Vec<Label> {
    let texts = svg.lines().filter(|line| line.starts_with("<text"));
    let label = |line: &str| {
        let (tag, rest) = line.split_once('>').unwrap();
        let words = rest
            .trim_end_matches("</text>")
            .replace("&lt;", "<")
            .replace("&gt;", ">");
        let words = words.replace("&quot;", "\"").replace("&#39;", "'");
        let size = [Size::Small, Size::Normal, Size::Large]
            .into_iter()
            .find(|size| tag.contains(size.class()))
            .unwrap();
        let (x, width) = (attribute(tag, "x").unwrap(), size.width(&words));
        let from = match () {
            () if tag.contains("\"middle\"") => x - width / 2.0,
            () if tag.contains("\"end\"") => x - width,
            () => x,
        };
        Label {
            y: attribute(tag, "y").unwrap(),
            from,
            to: from + width,
            words,
        }
    };
    texts.map(label).collect()
}

#[track_caller]
fn assert_legible(violation: &Violation) {
    let svg = draw(violation);
    let labels = labels(&svg);
    assert!(labels.len() > 5);
    for (index, label) in labels.iter().enumerate() {
        assert!(
            label.from >= 0.0 && label.to <= WIDTH,
            "{} leaves the picture",
            label.words
        );
        for other in &labels[..index] {
            let apart = (label.y - other.y).abs() >= 10.0
                || label.from >= other.to
                || other.from >= label.to;
            assert!(apart, "{} and {} overlap", label.words, other.words);
        }
    }
}

fn every_picture() -> Vec<Violation> {
    let most = i64::MAX.to_string();
    let mut violations = vec![
        race(),
        storm(60),
        storm(300),
        violation(i64::MAX - 1, &[format!("r1 {most} 1 2 accepted")]),
        violation(0, &operations(&["r1 1 1 2 accepted"])),
        violation(1_000, &operations(&["r1 -5 1 2 accepted"])),
        violation(
            1_000,
            &operations(&["r1 100 1 2 accepted", "r1 200 3 4 accepted"]),
        ),
        violation(
            1_000,
            &operations(&["r1 700 1 2 accepted", "r2 300 3 4 exceeds"]),
        ),
        violation(
            1_000,
            &operations(&["r1 600 1 4 exceeds", "r1 600 2 3 accepted"]),
        ),
        violation(
            1_000,
            &operations(&["r1 999 1 2 accepted", "query - 3 4 refunded"]),
        ),
        violation(
            1_000,
            &operations(&["r1 1000 1 2 accepted", "query - 3 4 not-refunded"]),
        ),
        violation(1_000, &operations(&["r1 100 1 2 duplicate"])),
        violation(
            1_000,
            &operations(&[
                "r1 600 1 null unknown",
                "r2 500 2 null unknown",
                "r3 450 3 4 accepted",
                "r4 50 5 6 exceeds",
            ]),
        ),
    ];
    // All of these are the first of their history.
    let claims: Vec<Claim> = violations.iter().map(|violation| violation.claim).collect();
    assert!(claims.contains(&Claim::RefusalsTogether) && claims.contains(&Claim::StaleRead));
    let mut marked = race();
    marked.message = format!("{} {}", "返金".repeat(90), "x".repeat(300));
    violations.push(marked);
    violations
}

#[test]
fn no_label_leaves_the_picture_or_runs_into_another() {
    for violation in every_picture() {
        assert_legible(&violation);
    }
}

#[test]
fn every_picture_is_well_formed_and_the_same_each_time() {
    for violation in every_picture() {
        let svg = draw(&violation);
        assert_eq!(svg, draw(&violation));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        let (before, rest) = svg.split_once("<style>").unwrap();
        let (_, after) = rest.split_once("</style>").unwrap();
        let mut open = Vec::new();
        for piece in format!("{before}{after}").split('<').skip(1) {
            let (tag, content) = piece.split_once('>').expect("a tag ends");
            assert!(!content.contains('>'), "{piece}");
            if let Some(closed) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closed.to_owned()));
            } else if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap().to_owned());
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn a_race_is_told_by_its_sum_its_crossing_and_its_signs() {
    let svg = draw(&race());
    for words in [
        "600 + 550 = 1150 &gt; 1000 paid",
        "<title>refund r1 of 600: sent at event 1 (+0.000 µs), answered at event 4: accepted</title>",
        "✓ accepted",
        "✗ refused",
        "? unknown",
        "◇ not-refunded",
        "1150 &gt; 1000 paid</text>",
        "at least 1150",
        "at most 1160",
        "paid 1000",
        "class=\"crossing\"",
        "the order&#39;s other traffic",
    ] {
        assert!(svg.contains(words), "{words}\n{svg}");
    }
    assert_eq!(svg.matches("<g class=\"witness\">").count(), 2);
    assert_eq!(svg.matches("<g class=\"faded\">").count(), 3);
    let (_, described) = svg.split_once("<desc>").unwrap();
    assert!(described.contains("beside these: 1 refused, 1 without a certain answer, 1 asked by"));
    assert!(described.contains("in the end at least 1150 and at most 1160 was used of 1000 paid"));
}

#[test]
fn of_many_lanes_two_hundred_are_drawn_and_the_rest_counted() {
    let svg = draw(&storm(300));
    assert_eq!(svg.matches("<g class=").count(), 200);
    assert!(svg.contains("… and 100 more"), "{svg}");
}

#[test]
fn a_refusal_that_is_wrong_is_pointed_at_where_it_would_have_fitted() {
    let svg = draw(&violation(
        1_000,
        &operations(&["r1 700 1 2 accepted", "r2 300 3 4 exceeds"]),
    ));
    assert!(svg.contains("✗ exceeds ◀"), "{svg}");
    assert!(
        svg.contains("would have fitted: 700 + 300 &lt;= 1000"),
        "{svg}"
    );
}

#[test]
fn the_page_carries_the_style_once_and_a_file_its_own() {
    let violation = race();
    let scene = violation.exhibit.as_ref().unwrap().scene.as_ref().unwrap();
    let inline = svg(&violation, scene, Place::Page);
    assert!(!inline.contains("<style>") && !inline.contains("xmlns"));
    assert!(draw(&violation).contains("prefers-color-scheme: dark"));
}

#[test]
fn a_race_is_drawn_as_before() {
    sample::snapshot("picture_race", &draw(&race()));
}
