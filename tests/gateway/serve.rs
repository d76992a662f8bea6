//! The command `recoup serve` as a process.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::client::{Session, shop};

/// `recoup serve` with these arguments; killed where a test ends early.
pub(crate) struct Served {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Served {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::spawn(command(args))
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap();
        Self {
            address: address.parse().unwrap(),
            process,
        }
    }

    /// Kills it at once: nothing of it runs any more. Gives what it said on
    /// stderr.
    pub(crate) fn kill(mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let mut said = String::new();
        let stderr = self.process.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recoup"));
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(args);
    command
}

#[cfg(unix)]
#[tokio::test]
async fn a_served_gateway_prints_its_url_first_and_stops_cleanly_on_a_signal() {
    for signal in ["-INT", "-TERM"] {
        let mut served = Served::start(&["--store", "memory", "--delay", "1ms"]);
        let mut session = Session::open_at(served.address, shop()).await;
        session.pay("o", 100).await;
        let process = served.process.id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status();
        assert!(sent.unwrap().success());
        assert_eq!(served.process.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn what_cannot_be_served_is_a_usage_error_that_says_why() {
    for (args, said) in [
        (
            &["--store", "postgres://localhost/r"][..],
            "postgres://USER@HOST:PORT/DATABASE",
        ),
        (
            &["--store", "postgres://u@localhost/r?sslmode=require"],
            "does not speak",
        ),
        (
            &["--store", "memory", "--listen", "0.0.0.0:0"],
            "--partners",
        ),
        (&["--fault", "lost-updat"], "did you mean \"lost-update\"?"),
        (&["--variant", "extra"], "--list-variants lists them"),
        (
            &["--store", "sqlite:never.db", "--fault", "lost-update"],
            "lost-update",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_recoup"))
            .arg("serve")
            .args(args)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_catalogues_are_listed() {
    let output = command(&["--list-faults", "--list-variants"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(
        text.contains("check-then-act") && text.contains("refuse-duplicates"),
        "{text}"
    );
}
