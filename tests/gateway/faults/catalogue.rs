//! The catalogue as a whole.

use std::fs;
use std::path::{Path, PathBuf};

use recoup::gateway::Fault;

use super::proof::REFUND;
use super::start_with;
use crate::client::{Client, Session, refund_of, shop};

/// With any one fault a plain payment and a plain refund still work, one after
/// the other, and the gateway stops when it is told to.
#[tokio::test]
async fn a_plain_refund_still_works_with_any_fault() {
    for fault in Fault::ALL {
        let gateway = start_with(*fault).await;
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 100).await;
        let document = session.caller.seal(&refund_of("o", "r", 60));
        let answer = session.client.post(REFUND, &document).await.unwrap();
        assert_eq!((answer.status, answer.code()), (200, 1), "{fault}");
        let mut idle = Client::connect(gateway.address()).await;
        gateway.stop().await;
        assert!(idle.receive().await.is_none(), "{fault}");
        assert!(session.client.receive().await.is_none(), "{fault}");
    }
}

/// The proofs name the faults that they prove.
#[test]
fn every_fault_of_the_catalogue_has_a_proof() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway");
    let mut files: Vec<PathBuf> = ["faults", "."]
        .into_iter()
        .flat_map(|folder| fs::read_dir(tests.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("faults"))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let text: String = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let unproven: Vec<String> = Fault::ALL
        .iter()
        .map(|fault| format!("{fault:?}"))
        .filter(|fault| {
            !text.contains(&format!("        {fault},"))
                && !text.contains(&format!("Fault::{fault})"))
                && !text.contains(&format!("Fault::{fault},"))
        })
        .collect();
    assert!(unproven.is_empty(), "{unproven:?}");
}
