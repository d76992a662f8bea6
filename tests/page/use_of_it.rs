//! What can be done with the page: open it, filter, copy, follow an address.

use serde_json::{Value, json};

use super::browser::Browser;
use super::report;

/// How WebDriver spells keys that are no characters.
const TAB: &str = "\u{e004}";
const SPACE: &str = " ";

const SHOWN: &str = "return Array.from(document.querySelectorAll('table.matrix tbody tr'))
    .filter(row => !row.hidden).map(row => row.dataset.verdict);";

fn shown(browser: &Browser) -> Vec<String> {
    let verdicts = browser.run(SHOWN);
    serde_json::from_value(verdicts).expect("a list of verdicts")
}

#[test]
fn it_opens_without_an_error_and_asks_for_nothing_but_itself() {
    let Some(browser) = Browser::start() else {
        return;
    };
    // The page that a new window shows asks for much.
    browser.go("about:blank");
    browser.log("browser");
    browser.log("performance");
    browser.go(&report::url());
    assert_eq!(
        browser.run("return document.querySelector('h1').textContent;"),
        "fail"
    );
    for section in ["failures", "audit", "load", "rules", "run"] {
        let there = browser.run(&format!("return !!document.getElementById('{section}');"));
        assert_eq!(there, true, "{section}");
    }
    assert_eq!(browser.log("browser"), [Value::Null; 0], "console");
    let asked: Vec<String> = browser
        .log("performance")
        .iter()
        .filter_map(|entry| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            let is_request = message["method"] == "Network.requestWillBeSent";
            let url = message["params"]["request"]["url"].as_str()?;
            is_request.then(|| url.to_owned())
        })
        .collect();
    assert_eq!(asked, [report::url()]);
    let bytes = std::fs::metadata(report::page()).expect("a page").len();
    assert!(bytes < 1_000_000, "{bytes} bytes");
}

#[test]
fn rules_are_filtered_by_click_by_keyboard_and_by_words() {
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.go(&report::url());
    let all = shown(&browser);
    assert!(all.contains(&"fail".to_owned()) && all.contains(&"pass".to_owned()));

    browser.click("button[data-verdict=fail]");
    let failed = shown(&browser);
    assert!(!failed.is_empty() && failed.iter().all(|verdict| verdict == "fail"));

    // The next way into the filters is one Tab from what stands before them.
    browser.run(
        "const ways = Array.from(document.querySelectorAll('a[href], button, summary, [tabindex]'))
           .filter(way => way.checkVisibility());
         const first = ways.findIndex(way => way.matches('.filters button'));
         ways[first - 1].focus();",
    );
    browser.press(TAB);
    let focused = browser.run("return document.activeElement.dataset.verdict;");
    assert_eq!(focused, "pass");
    let outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle;");
    assert_eq!(outline, "solid", "what has the focus can be seen");
    browser.press(SPACE);
    let pressed = browser.run("return document.activeElement.getAttribute('aria-pressed');");
    assert_eq!(pressed, "true");
    let both = shown(&browser);
    assert!(both.len() > failed.len() && both.contains(&"pass".to_owned()));
    let status = browser.run("return document.querySelector('.filters output').textContent;");
    assert_eq!(status, format!("{} of {} rules", both.len(), all.len()));

    browser.click("button[type=reset]");
    assert_eq!(shown(&browser), all);
    browser.click("input[type=search]");
    browser.press("refunding.");
    let found = shown(&browser);
    assert!(!found.is_empty() && found.len() < all.len());
}

#[test]
fn each_command_has_a_button_that_copies_it() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let permissions = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    browser.chromium("Browser.grantPermissions", &permissions);
    browser.go(&report::url());
    let bare = browser.run(
        "return Array.from(document.querySelectorAll('.command'))
           .filter(command => { const button = command.querySelector('button.copy'); return !button || button.hidden; }).length;",
    );
    assert_eq!(bare, 0);
    let commands = browser.run("return document.querySelectorAll('.command').length;");
    assert!(commands.as_u64() >= Some(3), "{commands}");
    browser.click("details[open] button.copy");
    let said = browser.run(
        "const button = document.querySelector('details[open] button.copy');
         return new Promise(done => setTimeout(() => done(button.textContent), 300));",
    );
    assert_eq!(said, "Copied");
}

#[test]
fn an_address_of_a_rule_unfolds_it() {
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.go(&report::url());
    let folded =
        browser.run("return document.querySelector('#warnings details, .outcome:not([open])').id;");
    let folded = folded.as_str().expect("something is folded").to_owned();
    browser.go(&format!("{}#{folded}", report::url()));
    let open = browser.run(&format!("return document.getElementById('{folded}').open;"));
    assert_eq!(open, true, "{folded}");
}

#[test]
fn without_script_everything_can_be_read() {
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.allow_scripts(false);
    browser.go(&report::url());
    let count = |what: &str| browser.run(&format!("return {what};"));
    assert_eq!(count("document.querySelector('h1').textContent"), "fail");
    // What only a script could do is not offered.
    let offered = count(
        "Array.from(document.querySelectorAll('.filters, button.copy')).filter(part => part.checkVisibility()).length",
    );
    assert_eq!(offered, 0);
    let hidden = count("document.querySelectorAll('table.matrix tr[hidden]').length");
    assert_eq!(hidden, 0);
    assert!(count("document.querySelectorAll('table.matrix tbody tr').length").as_u64() > Some(20));
    // The browser itself unfolds.
    browser.click(".outcome:not([open]) > summary");
    let text = count("document.querySelector('#failures').innerText.length");
    assert!(text.as_u64() > Some(1_000), "{text}");
}
