//! A PostgreSQL server of the test's own, on a free port, in a temporary folder.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

/// Who owns the databases, and the password without which nobody gets in. That
/// it has characters with a meaning in URLs is on purpose.
const USER: &str = "keeper";
const PASSWORD: &str = "p@ss/word?";
const PASSWORD_IN_URL: &str = "p%40ss%2Fword%3F";
/// Between looking for a free port and taking it, somebody else may.
const ATTEMPTS: usize = 5;
/// Set to `required`, tests fail where there is no server: for machines that
/// are to have one.
const REQUIRED: &str = "TEST_POSTGRES";

/// A server. It ends with this value, and also where the test is killed.
#[derive(Debug)]
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    /// Waits for the end of its stdin, which comes with the end of the test's
    /// process at the latest, and stops the server.
    guardian: Child,
    databases: AtomicUsize,
}

impl Postgres {
    /// The server that the tests of this program share; `None`, said aloud,
    /// where it is not installed.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// A server for one test alone; `None`, said aloud, where it is not
    /// installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert_ne!(
                std::env::var_os(REQUIRED),
                Some("required".into()),
                "PostgreSQL is not installed, and {REQUIRED} says that it is required"
            );
            // Not through the macros, whose output a passing test hides.
            let aloud = b"skipped: PostgreSQL is not installed\n";
            std::io::stderr().write_all(aloud).unwrap();
            return None;
        };
        let started = (0..ATTEMPTS).find_map(|_| Self::start_from(&programs));
        Some(started.expect("PostgreSQL starts: its reason stands above"))
    }

    fn start_from(programs: &Path) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        give_away(folder.path());
        give_away(&password);
        let data = folder.path().join("data");
        let initialised = as_nobody_special(&programs.join("initdb"))
            .arg("--pgdata")
            .arg(&data)
            .arg("--pwfile")
            .arg(&password)
            .args(["--auth", "scram-sha-256", "--username", USER])
            .args(["--encoding", "UTF8", "--locale", "C", "--no-sync"])
            .stdout(Stdio::null())
            .status();
        assert!(initialised.unwrap().success(), "initdb");
        let port = free_port();
        // A test may be killed: then this shell goes on, and ends the server.
        let script = "trap '' INT TERM HUP; read -r _
            \"$0\" stop --pgdata \"$1/data\" --mode immediate --silent; rm -rf \"$1\"";
        let guardian = as_nobody_special(Path::new("sh"))
            .args(["-c", script])
            .arg(programs.join("pg_ctl"))
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            programs: programs.to_owned(),
            folder,
            port,
            guardian,
            databases: AtomicUsize::new(0),
        };
        server.control("start").success().then_some(server)
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn stop(&self) {
        assert!(self.control("stop").success());
    }

    /// Starts it where it is stopped.
    pub(crate) fn resume(&self) {
        assert!(self.control("start").success());
    }

    fn control(&self, action: &str) -> ExitStatus {
        let log = self.folder.path().join("log");
        let mut control = as_nobody_special(&self.programs.join("pg_ctl"));
        control
            .arg(action)
            .arg("--pgdata")
            .arg(self.folder.path().join("data"))
            .arg("--silent");
        if action == "stop" {
            control.args(["--mode", "immediate"]);
        } else {
            // The machine does not crash in a test, only the server: what it
            // has written survives without being on the disk.
            let options = format!(
                "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off",
                self.port
            );
            control.arg("--log").arg(&log).args(["--options", &options]);
        }
        let status = control
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        if !status.success() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            eprintln!("pg_ctl {action}: {status}\n{said}");
        }
        status
    }

    /// A database of its own: its URL, with the password.
    pub(crate) fn database(&self) -> String {
        self.database_with("")
    }

    /// The same, created with these `options`.
    pub(crate) fn database_with(&self, options: &str) -> String {
        let count = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("money{count}");
        self.query("postgres", &format!("CREATE DATABASE {name} {options}"));
        self.url(&name)
    }

    /// The URL of a database of this name.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// The port that it listens on.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Runs statements in a database, and gives what they print.
    pub(crate) fn query(&self, database: &str, statements: &str) -> String {
        let output = Command::new(self.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1"])
            .args(["--host", "127.0.0.1", "--username", USER])
            .args(["--port", &self.port.to_string()])
            .args(["--dbname", database, "--command", statements])
            .env("PGPASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statements}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        let _ = self.guardian.wait();
    }
}

/// The name of the database at the end of a URL.
pub(crate) fn name_of(url: &str) -> &str {
    url.rsplit('/').next().expect("a URL has a path")
}

/// Where the server's programs are: on the path, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let has_all = |folder: &PathBuf| {
        let mut programs = ["initdb", "pg_ctl", "psql"].into_iter();
        programs.all(|program| folder.join(program).is_file())
    };
    folders.into_iter().find(has_all)
}

/// A command as somebody whom the server accepts: it does not run as root.
fn as_nobody_special(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    // A folder that the other user may be in.
    command.current_dir("/");
    command
}

fn give_away(path: &Path) {
    if is_root() {
        let given = Command::new("chown").arg("postgres").arg(path).status();
        assert!(given.unwrap().success());
    }
}

fn is_root() -> bool {
    static IS_ROOT: OnceLock<bool> = OnceLock::new();
    *IS_ROOT.get_or_init(|| {
        let output = Command::new("id").arg("-u").output().unwrap();
        output.stdout.trim_ascii() == b"0"
    })
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
