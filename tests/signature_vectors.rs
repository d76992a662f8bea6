//! The signature against vectors in Wycheproof's shape: what is a signature,
//! and everything that only looks like one. Each vector is judged twice, by our
//! verifier and by an implementation that shares nothing with it.

#[path = "support/second_opinion.rs"]
mod second_opinion;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::process::Command;

use recoup::protocol::SignKey;
use recoup::protocol::signature::{sign, verify};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

const FILE: &str = include_str!("vectors/signature.json");
const SCRIPT: &str = "tests/vectors/make_signature_vectors.py";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VectorFile {
    algorithm: String,
    generator_version: String,
    number_of_tests: usize,
    /// What a failure means, by flag.
    notes: BTreeMap<String, String>,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(deserialize_with = "from_hex")]
    key: Vec<u8>,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vector {
    tc_id: usize,
    comment: String,
    flags: Vec<String>,
    /// The text of the signed value.
    #[serde(deserialize_with = "from_hex")]
    msg: Vec<u8>,
    /// The signature as it was claimed.
    sig: String,
    result: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Valid,
    Invalid,
}

impl Verdict {
    const fn from_holds(holds: bool) -> Self {
        if holds { Self::Valid } else { Self::Invalid }
    }
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(<&str>::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn vector_file() -> VectorFile {
    serde_json::from_str(FILE).expect("the committed vectors have their shape")
}

impl VectorFile {
    /// Every vector with its group's key.
    fn vectors(&self) -> impl Iterator<Item = (&[u8], &Vector)> {
        self.test_groups
            .iter()
            .flat_map(|group| group.tests.iter().map(|vector| (&group.key[..], vector)))
    }

    /// A vector's name in a failure: id, comment, and why the failure matters.
    fn name(&self, vector: &Vector) -> String {
        let why: Vec<&str> = vector
            .flags
            .iter()
            .filter_map(|flag| self.notes.get(flag))
            .map(String::as_str)
            .collect();
        format!("{} {:?}: {}", vector.tc_id, vector.comment, why.join(" "))
    }
}

#[test]
fn our_verifier_takes_what_is_a_signature_and_refuses_every_look_alike() {
    let file = vector_file();
    let wrong: Vec<String> = file
        .vectors()
        .filter(|(key, vector)| {
            let key = SignKey::new(*key).unwrap();
            Verdict::from_holds(verify(&vector.msg, &vector.sig, &key).is_ok()) != vector.result
        })
        .map(|(_, vector)| file.name(vector))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn our_signer_writes_the_valid_signatures_and_none_of_the_others() {
    let file = vector_file();
    let wrong: Vec<String> = file
        .vectors()
        .filter(|(key, vector)| {
            let signature = sign(&vector.msg, &SignKey::new(*key).unwrap());
            Verdict::from_holds(signature.as_str() == vector.sig) != vector.result
        })
        .map(|(_, vector)| file.name(vector))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_second_implementation_judges_every_vector_alike() {
    let file = vector_file();
    let signed: Vec<Vec<u8>> = file
        .vectors()
        .map(|(key, vector)| [&vector.msg[..], key].concat())
        .collect();
    let expected = second_opinion::sha256(&signed);
    let wrong: Vec<String> = file
        .vectors()
        .zip(expected)
        .filter(|((_, vector), expected)| {
            Verdict::from_holds(vector.sig == *expected) != vector.result
        })
        .map(|((_, vector), _)| file.name(vector))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_second_implementation_knows_the_digests_of_the_standard() {
    // FIPS 180-2, appendix B.1, and the digest of nothing.
    assert_eq!(
        second_opinion::sha256(&[b"abc".to_vec(), Vec::new()]),
        [
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ]
    );
}

#[test]
fn the_file_is_what_it_says_it_is() {
    let file = vector_file();
    assert_eq!(file.algorithm, "recoup-sha256-suffix-key");
    assert_eq!(file.generator_version, "1");
    let ids: Vec<usize> = file.vectors().map(|(_, vector)| vector.tc_id).collect();
    let counted: Vec<usize> = (1..=file.number_of_tests).collect();
    assert_eq!(ids, counted, "ids count every vector, in order");
    let keys: BTreeSet<&[u8]> = file
        .test_groups
        .iter()
        .map(|group| &group.key[..])
        .collect();
    assert_eq!(keys.len(), file.test_groups.len(), "a key has one group");
}

#[test]
fn every_flag_says_why_it_matters_and_is_used() {
    let file = vector_file();
    let used: BTreeSet<&String> = file
        .vectors()
        .flat_map(|(_, vector)| &vector.flags)
        .collect();
    assert_eq!(used, file.notes.keys().collect());
    for (_, vector) in file.vectors() {
        let says_valid = vector.flags.iter().any(|flag| flag == "Valid");
        assert_eq!(
            Verdict::from_holds(says_valid),
            vector.result,
            "{}",
            file.name(vector)
        );
    }
}

#[test]
fn the_script_writes_the_committed_file() {
    let output = match Command::new("python3")
        .args(["-I", SCRIPT])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("python3 is not installed: {SCRIPT} was not run");
            return;
        }
        Err(error) => panic!("failed to run python3: {error}"),
    };
    assert!(
        output.status.success(),
        "{SCRIPT} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.stdout == FILE.as_bytes(),
        "tests/vectors/signature.json is not what {SCRIPT} prints: run it again"
    );
}
