//! `recoup serve` as a process that comes back where it was.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often a port is tried that somebody else has just taken.
const ATTEMPTS: usize = 50;

/// A gateway in a process of its own; killed where a test ends early.
pub(crate) struct Gateway {
    process: Child,
    address: SocketAddr,
    arguments: Vec<String>,
}

impl Gateway {
    /// Starts one over `store` on a free port.
    pub(crate) fn start(store: &str, more: &[&str]) -> Self {
        let mut arguments = vec!["--store".to_owned(), store.to_owned()];
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::spawn(&mut served(any, &arguments), arguments).expect("the gateway starts")
    }

    /// Starts one whose files may not grow beyond so many blocks of 512 bytes.
    pub(crate) fn start_limited(store: &str, blocks: u32) -> Self {
        let arguments = vec!["--store".to_owned(), store.to_owned()];
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let served = served(any, &arguments);
        let mut limited = Command::new("sh");
        // By its signal the limit would end the process; ignored, writing fails.
        limited
            .args([
                "-c",
                "trap '' XFSZ; ulimit -S -f \"$1\"; shift; exec \"$@\"",
            ])
            .args(["sh", &blocks.to_string()])
            .arg(served.get_program())
            .args(served.get_args());
        Self::spawn(&mut limited, arguments).expect("the gateway starts")
    }

    fn spawn(command: &mut Command, arguments: Vec<String>) -> Option<Self> {
        let mut process = command
            .stdout(Stdio::piped())
            // What it says of its store's trouble is tested elsewhere.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("http://") else {
            process.wait().unwrap();
            return None;
        };
        Some(Self {
            address: address.parse().unwrap(),
            process,
            arguments,
        })
    }

    /// Kills it at once (SIGKILL): nothing of it runs any more.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again after it was killed, on the same store and port.
    pub(crate) fn restart(&mut self) {
        let arguments = self.arguments.clone();
        let mut command = served(self.address, &arguments);
        let started = (0..ATTEMPTS).find_map(|attempt| {
            if attempt > 0 {
                std::thread::sleep(Duration::from_millis(100));
            }
            Self::spawn(&mut command, arguments.clone())
        });
        *self = started.expect("the gateway starts again");
    }

    /// Sends it a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let process = self.process.id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status();
        assert!(sent.unwrap().success(), "{signal}");
    }

    /// Lets its files grow as they like.
    pub(crate) fn lift_limit(&self) {
        let lifted = Command::new("prlimit")
            .arg(format!("--pid={}", self.process.id()))
            .arg("--fsize=unlimited")
            .status();
        assert!(lifted.unwrap().success());
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn served(listen: SocketAddr, arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recoup"));
    command
        .args(["serve", "--listen", &listen.to_string()])
        .args(arguments);
    command
}
