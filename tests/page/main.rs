//! The page of a run as people open it: in a real browser, at the widths of a
//! phone, a laptop and a desk, light and dark, by mouse and by keyboard, with
//! and without script.
//!
//! Skipped, aloud, where Chromium and its driver are not installed;
//! `TEST_BROWSER=required` makes that a failure.

#[path = "../support/browser.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of the sandbox's page, which ask more of it"
)]
mod browser;
mod looks;
mod report;
#[path = "../support/recoup.rs"]
#[expect(
    dead_code,
    reason = "shared with tests of commands, which ask more of it"
)]
mod support;
mod use_of_it;
