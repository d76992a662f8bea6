//! nginx as a reverse proxy, on free ports, in a folder of its own.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use recoup::target::{Endpoint, Limits, Trust};
use tempfile::TempDir;

/// Where Debian puts it: not on everybody's path.
const PROGRAMS: [&str; 2] = ["nginx", "/usr/sbin/nginx"];
/// Between looking for a free port and taking it, somebody else may.
const ATTEMPTS: usize = 5;

/// An nginx that runs; it is killed when it is dropped.
pub(crate) struct Nginx {
    child: Child,
    plain: u16,
    tls: u16,
    folder: TempDir,
}

impl Nginx {
    /// Starts it before `gateway`, with `directives` in its server block.
    /// `None`, said aloud, where it is not installed.
    pub(crate) fn before(gateway: SocketAddr, directives: &str) -> Option<Self> {
        let Some(program) = PROGRAMS.into_iter().find(|program| is_installed(program)) else {
            // Not through the macros, whose output a passing test hides.
            let aloud = b"skipped: nginx is not installed\n";
            std::io::stderr().write_all(aloud).unwrap();
            return None;
        };
        let started = (0..ATTEMPTS).find_map(|_| Self::start(program, gateway, directives));
        Some(started.expect("nginx starts: its reason stands above"))
    }

    fn start(program: &str, gateway: SocketAddr, directives: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(folder.path().join("cert.pem"), certified.cert.pem()).unwrap();
        let key = certified.signing_key.serialize_pem();
        fs::write(folder.path().join("key.pem"), key).unwrap();
        let [plain, tls] = free_ports();
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration(plain, tls, gateway, directives)).unwrap();
        let log = folder.path().join("error.log");
        let child = Command::new(program)
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&file)
            // For what it says before it has read where to say it.
            .arg("-e")
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut nginx = Self {
            child,
            plain,
            tls,
            folder,
        };
        nginx.is_up().then_some(nginx)
    }

    /// Waits until it takes connections, or has ended.
    fn is_up(&mut self) -> bool {
        loop {
            if self.child.try_wait().unwrap().is_some() {
                for name in ["error.log", "stderr"] {
                    let text = fs::read_to_string(self.file(name)).unwrap_or_default();
                    eprintln!("nginx ended: {text}");
                }
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.plain)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// It over TCP.
    pub(crate) fn plain(&self) -> Endpoint {
        let url = format!("http://127.0.0.1:{}", self.plain);
        Endpoint::parse(&url, &Trust::default(), limits()).unwrap()
    }

    /// It over TLS, trusting its certificate and no other.
    pub(crate) fn tls(&self) -> Endpoint {
        let url = format!("https://localhost:{}", self.tls);
        let trust = Trust::Authorities(self.file("cert.pem"));
        Endpoint::parse(&url, &trust, limits()).unwrap()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Nothing here takes this long, however busy the machine is.
fn limits() -> Limits {
    Limits::within(Duration::from_secs(60))
}

fn is_installed(program: &str) -> bool {
    let found = Command::new(program)
        .arg("-v")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match found {
        Ok(status) => status.success(),
        Err(error) if error.kind() == ErrorKind::NotFound => Path::new(program).exists(),
        Err(error) => panic!("can't run {program}: {error}"),
    }
}

fn free_ports() -> [u16; 2] {
    // Both are held until both are known, or they might be one.
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

/// One process that ends with us, and writes below its own folder alone.
fn configuration(plain: u16, tls: u16, gateway: SocketAddr, directives: &str) -> String {
    format!(
        "daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream gateway {{
        server {gateway};
        keepalive 8;
    }}
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate cert.pem;
        ssl_certificate_key key.pem;
        {directives}
        location / {{
            proxy_pass http://gateway;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
        }}
    }}
}}
"
    )
}
