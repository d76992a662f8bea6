//! Completions and manual pages.

use crate::support::Workplace;

/// Every command, as the help lists them.
fn commands(workplace: &Workplace) -> Vec<String> {
    let help = workplace.run(&["--help"]).expect(0).stdout;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_shell_completes_every_command() {
    let workplace = Workplace::new();
    let commands = commands(&workplace);
    assert!(commands.len() > 10, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = workplace.run(&["completions", shell]).expect(0).stdout;
        for word in commands.iter().map(String::as_str).chain(["threshold"]) {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    let run = workplace.run(&["completions", "tcsh"]).expect(2);
    assert!(run.stderr.contains("fish"), "{}", run.stderr);
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let workplace = Workplace::new();
    let page = workplace.run(&["man"]).expect(0).stdout;
    assert!(page.contains(".TH recoup 1"), "{page}");
    assert!(page.contains("Exit codes"), "{page}");
    workplace.run(&["man", "--output", "man/man1"]).expect(0);
    let pages = workplace.path("man/man1");
    assert!(pages.join("recoup.1").is_file());
    for command in commands(&workplace) {
        let page = pages.join(format!("recoup-{command}.1"));
        let text = std::fs::read_to_string(&page).expect("a page for each command");
        assert!(text.contains(".SH SYNOPSIS"), "{}", page.display());
    }
    let gate = std::fs::read_to_string(pages.join("recoup-gate.1")).expect("it is there");
    assert!(gate.contains(r"\-\-max\-total\-refund"), "{gate}");
}

#[test]
fn manual_pages_that_can_not_be_written_are_one_line_and_no_verdict() {
    let workplace = Workplace::new();
    workplace.write("taken", "");
    let run = workplace.run(&["man", "--output", "taken"]).expect(3);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("taken"), "{}", run.stderr);
}
