//! Histories of both forms, as a user converts and audits them.

use crate::support::Workplace;
use crate::{SHORT, with};

/// A workplace with one short load in it.
fn loaded() -> Workplace {
    let workplace = Workplace::new();
    let load = with(&["load", "--threshold", "errors==0%"], &SHORT);
    workplace.run(&load).expect_success_if_in_time();
    workplace
}

#[test]
fn a_history_goes_to_text_and_back_and_is_the_same() {
    let workplace = loaded();
    let to = |file: &str, format: &str| {
        let run = workplace.run(&["history", file, "--format", format]);
        run.expect(0).stdout
    };
    let text = to("reports/latest", "ndjson");
    assert!(text.starts_with("{\"schema\":\"recoup.history/1\""));
    assert!(text.lines().count() > 100);
    workplace.write("text.any", &text);
    let output = ["--output", "binary.any"];
    workplace
        .run(&with(
            &["history", "text.any", "--format", "binary"],
            &output,
        ))
        .expect(0);
    assert_eq!(to("binary.any", "ndjson"), text);
    assert_eq!(to("text.any", "ndjson"), text);
    let sizes = ["text.any", "binary.any"].map(|name| {
        let meta = std::fs::metadata(workplace.path(name));
        meta.expect("a file").len()
    });
    assert!(sizes[1] * 3 < sizes[0], "{sizes:?}");
    // All that is judged is there, whichever form and however little memory.
    let audited = |arguments: &[&str]| {
        let arguments = with(&["audit", "--format", "json"], arguments);
        let run = workplace.run(&arguments).expect(0);
        let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        report["audit"].clone()
    };
    let whole = audited(&["binary.any"]);
    assert!(whole["operations"].as_u64() > Some(100));
    assert_eq!(audited(&["text.any"]), whole);
    assert_eq!(audited(&["text.any", "--memory", "20KiB"]), whole);
    assert_eq!(audited(&["binary.any", "--memory", "20KiB"]), whole);
}

#[test]
fn a_folder_with_two_histories_and_a_history_that_was_cut_are_refused() {
    let workplace = loaded();
    let latest = workplace.latest("history.bin");
    let text = workplace.latest("history.ndjson");
    std::fs::write(&text, "").expect("it can be written");
    let refused = |arguments: &[&str], words: &[&str]| {
        let run = workplace.run(arguments).expect(2);
        for word in words {
            assert!(run.stderr.contains(word), "{}", run.stderr);
        }
    };
    let both = ["history.bin", "history.ndjson", "holds two"];
    refused(&["audit", "reports/latest"], &both);
    refused(&["history", "reports/latest", "--format", "ndjson"], &both);
    std::fs::remove_file(text).expect("it was there");
    let bytes = std::fs::read(&latest).expect("a history");
    std::fs::write(&latest, &bytes[..bytes.len() - 52]).expect("it can be written");
    let cut = ["history.bin", "without its end mark", "copy the whole file"];
    refused(&["audit", "reports/latest"], &cut);
    refused(&["audit", "reports/latest", "--memory", "1KiB"], &cut);
    let output = ["--output", "none"];
    let convert = ["history", "reports/latest", "--format", "ndjson"];
    refused(&with(&convert, &output), &cut);
    assert!(!workplace.path("none").exists());
    refused(
        &["audit", "nowhere.bin"],
        &["nowhere.bin", "check that the file exists"],
    );
    refused(
        &["audit", "reports/latest", "--memory", "much"],
        &["512MiB"],
    );
}
