//! The floors of the house: a room imports from the floors below it alone.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms and their floors.
const FLOORS: [(&str, u8); 10] = [
    ("protocol", 0),
    ("verdict", 0),
    ("target", 1),
    ("generate", 1),
    ("gateway", 1),
    ("audit", 2),
    ("conformance", 3),
    ("load", 3),
    ("report", 4),
    ("cli", 5),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The rooms that a file names, `crate::room`, outside its own room.
fn imports(text: &str) -> Vec<&'static str> {
    FLOORS
        .iter()
        .map(|(room, _)| *room)
        .filter(|room| {
            text.match_indices(&format!("crate::{room}"))
                .any(|(at, found)| {
                    !text[at + found.len()..]
                        .starts_with(|next: char| next.is_alphanumeric() || next == '_')
                })
        })
        .collect()
}

#[test]
fn a_room_imports_from_the_floors_below_it_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for (room, floor) in FLOORS {
        for file in sources(&root.join(room)) {
            seen += 1;
            let text = fs::read_to_string(&file).expect("a source can be read");
            for other in imports(&text) {
                let (_, below) = FLOORS
                    .into_iter()
                    .find(|(name, _)| *name == other)
                    .expect("a room");
                assert!(
                    other == room || below < floor,
                    "{} on floor {floor} imports {other} on floor {below}",
                    file.display()
                );
                assert!(
                    room != "gateway" || matches!(other, "gateway" | "protocol"),
                    "the gateway stands apart, and {} imports {other}",
                    file.display()
                );
                assert!(
                    other != "gateway" || matches!(room, "gateway" | "cli"),
                    "the gateway stands apart, and {} imports it",
                    file.display()
                );
            }
        }
    }
    assert!(seen > 50, "only {seen} sources were found");
}

#[test]
fn the_checker_of_certificates_shares_nothing_with_the_house() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/recoup-verify");
    let files = sources(&root);
    assert!(!files.is_empty(), "the checker is not where it was");
    for file in files {
        let text = fs::read_to_string(&file).expect("a source can be read");
        for other in ["recoup::", "extern crate", "#[path", "include!"] {
            assert!(!text.contains(other), "{} has {other}", file.display());
        }
    }
}

#[test]
fn every_folder_of_the_sources_is_a_room_with_a_floor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(root).expect("src can be read") {
        let entry = entry.expect("the entry can be read");
        if entry.path().is_dir() {
            let name = entry.file_name().into_string().expect("a plain name");
            if name == "bin" {
                continue;
            }
            assert!(
                FLOORS.iter().any(|(room, _)| *room == name),
                "{name} has no floor"
            );
        }
    }
}
