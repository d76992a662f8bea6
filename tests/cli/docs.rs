//! Pages that are generated are what the binary prints.

use std::path::Path;

use crate::support::Workplace;

#[test]
fn the_catalogue_in_the_docs_is_the_one_of_the_binary() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let printed = Workplace::new()
        .run(&["rules", "--format", "markdown"])
        .expect(0)
        .stdout;
    assert_eq!(
        page, printed,
        "write it anew: recoup rules --format markdown > docs/rules.md"
    );
}
