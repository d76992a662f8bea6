//! What the documentation shows can be typed: each command line of recoup in a
//! block of a page is parsed as the binary would.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use recoup::cli::Cli;

/// Blocks that are typed into a shell.
const SHELLS: [&str; 3] = ["sh", "console", "bash"];

/// A command line, and where it stands.
struct Line {
    number: usize,
    words: Vec<String>,
}

/// The pages that users read.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).expect("there are docs");
    let mut pages: Vec<PathBuf> = docs
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    pages.push(root.join("README.md"));
    pages.push(root.join("CONTRIBUTING.md"));
    pages.sort();
    pages
}

/// The lines of a page's shell blocks, those that go on joined, each with the
/// number that it starts at.
fn shell_lines(page: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let (mut is_shell, mut is_inside, mut goes_on) = (false, false, false);
    for (number, line) in (1..).zip(page.lines()) {
        let line = line.trim();
        if let Some(kind) = line.strip_prefix("```") {
            is_inside = !is_inside;
            is_shell = is_inside && SHELLS.contains(&kind);
            continue;
        }
        if !is_shell {
            continue;
        }
        let part = line.strip_suffix('\\').unwrap_or(line);
        match lines.last_mut() {
            Some((_, last)) if goes_on => last.push_str(part),
            _ => lines.push((number, part.to_owned())),
        }
        goes_on = line.ends_with('\\');
    }
    lines
}

/// The commands of a line, each as its words; quotes are taken off, comments,
/// redirections and what a command is put into are left out.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let (mut word, mut quote, mut is_word) = (String::new(), None, false);
    let letters = line.trim_start_matches("$ ").chars();
    let end = |word: &mut String, is_word: &mut bool, commands: &mut Vec<Vec<String>>| {
        if std::mem::take(is_word) {
            let last = commands.last_mut().expect("there is always one");
            last.push(std::mem::take(word));
        }
    };
    for letter in letters {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '\'' | '"') => (quote, is_word) = (Some(letter), true),
            (None, '#') if !is_word => break,
            (None, '|' | '&' | ';' | '(' | ')' | '<' | '>') => {
                // The number of a stream that is redirected.
                if matches!(letter, '<' | '>') && word.chars().all(|letter| letter.is_ascii_digit())
                {
                    (word, is_word) = (String::new(), false);
                }
                end(&mut word, &mut is_word, &mut commands);
                let redirects = matches!(letter, '<' | '>');
                commands.push(if redirects {
                    vec![">".to_owned()]
                } else {
                    Vec::new()
                });
            }
            (None, letter) if letter.is_whitespace() => {
                end(&mut word, &mut is_word, &mut commands);
            }
            (_, letter) => {
                word.push(letter);
                is_word = true;
            }
        }
    }
    end(&mut word, &mut is_word, &mut commands);
    commands
}

/// What recoup is given, where the words are a call of it.
fn arguments(words: &[String]) -> Option<Vec<String>> {
    let is_before = |word: &&String| {
        matches!(word.as_str(), "do" | "then" | "if" | "!" | "time" | "exec")
            || word.split_once('=').is_some_and(|(name, _)| {
                name.chars()
                    .all(|letter| letter.is_ascii_uppercase() || letter == '_')
            })
    };
    let words = &words[words.iter().take_while(is_before).count()..];
    let name = words.first()?;
    if name == "recoup" {
        return Some(words.to_vec());
    }
    let is_cargo = name == "cargo" && words.get(1).is_some_and(|word| word == "run");
    let of_recoup = !words
        .iter()
        .any(|word| word == "--example" || word == "--bin");
    if !is_cargo || !of_recoup {
        return None;
    }
    let dashes = words.iter().position(|word| word == "--")?;
    let mut arguments = words[dashes..].to_vec();
    "recoup".clone_into(&mut arguments[0]);
    Some(arguments)
}

/// A shell's variables stand for something that fits.
fn filled_in(word: &str) -> String {
    word.replace("$port", "8443")
}

fn recoup_lines(page: &str) -> Vec<Line> {
    let mut found = Vec::new();
    for (number, line) in shell_lines(page) {
        for words in commands(&line) {
            if let Some(words) = arguments(&words) {
                let words = words.iter().map(|word| filled_in(word)).collect();
                found.push(Line { number, words });
            }
        }
    }
    found
}

#[test]
fn every_command_that_the_docs_show_can_be_typed() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page can be read");
        for line in recoup_lines(&text) {
            count += 1;
            let Err(error) = Cli::command().try_get_matches_from(&line.words) else {
                continue;
            };
            if error.use_stderr() {
                let first = error.to_string();
                let first = first.lines().next().unwrap_or_default().to_owned();
                let shown = line.words.join(" ");
                wrong.push(format!(
                    "{}:{}: {shown}\n    {first}",
                    page.display(),
                    line.number
                ));
            }
        }
    }
    assert!(count > 25, "only {count} were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_flag_that_does_not_exist_is_found_with_its_line() {
    let page = "text\n```sh\nX=1 recoup check \\\n  --only 'a b' | head # --no\ncargo run -- rules --bad > f\n```\n```toml\nrecoup\n```\n";
    let lines = recoup_lines(page);
    let words: Vec<(usize, &[String])> = lines
        .iter()
        .map(|line| (line.number, line.words.as_slice()))
        .collect();
    let owned = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words,
        [
            (3, owned(&["recoup", "check", "--only", "a b"]).as_slice()),
            (5, owned(&["recoup", "rules", "--bad"]).as_slice()),
        ]
    );
    assert!(Cli::command().try_get_matches_from(words[1].1).is_err());
}

#[test]
fn the_index_of_the_docs_names_every_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let index = std::fs::read_to_string(root.join("docs/README.md")).expect("an index");
    for page in pages() {
        let name = page.file_name().expect("a name").to_string_lossy();
        let is_docs = page.parent().is_some_and(|folder| folder.ends_with("docs"));
        if is_docs && name != "README.md" {
            assert!(
                index.contains(&format!("]({name})")),
                "{name} is not in the index"
            );
        }
    }
}
