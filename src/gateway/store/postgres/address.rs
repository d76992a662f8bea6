//! Where a database is, and as whom to use it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// How long connecting may take, where the URL does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Where a database is, and as whom to use it. The password is shown neither
/// by `Display` nor by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresAddress(Box<Config>);

/// A text that is no address of a database. What it says shows nothing of the
/// text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no such URL.
    #[error(
        "a database is postgres://USER@HOST:PORT/DATABASE (in a password, the characters % / ? # @ are %25 %2F %3F %23 %40)"
    )]
    Form,
    /// It asks for TLS.
    #[error(
        "sslmode asks for TLS, which the store does not speak: leave it out, and reach the database over loopback, a private network or a tunnel"
    )]
    Tls,
}

impl PostgresAddress {
    /// The same with `password`, unless the URL has one itself.
    #[must_use]
    pub fn or_password(mut self, password: Option<&[u8]>) -> Self {
        if let (None, Some(password)) = (self.0.get_password(), password) {
            self.0.password(password);
        }
        self
    }

    /// What a client is configured with; its `Debug` hides the password too.
    pub(super) const fn config(&self) -> &Config {
        &self.0
    }
}

impl FromStr for PostgresAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            return Err(AddressError::Form);
        }
        // Two modes that the client does not know even by name.
        if text.contains("sslmode=verify-") {
            return Err(AddressError::Tls);
        }
        let mut config: Config = text.parse().map_err(|_| AddressError::Form)?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(AddressError::Tls);
        }
        // With an @ in it, it is the rest of a password that was not escaped.
        let is_nowhere = |host: &Host| match host {
            Host::Tcp(name) => name.is_empty() || name.contains('@'),
            Host::Unix(_) => false,
        };
        let hosts = config.get_hosts();
        if hosts.is_empty() || hosts.iter().any(is_nowhere) || config.get_user().is_none() {
            return Err(AddressError::Form);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("recoup");
        }
        Ok(Self(Box::new(config)))
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("postgres://")?;
        if let Some(user) = self.0.get_user() {
            write!(formatter, "{user}@")?;
        }
        for (place, host) in self.0.get_hosts().iter().enumerate() {
            if place > 0 {
                formatter.write_str(",")?;
            }
            match host {
                Host::Tcp(name) => formatter.write_str(name)?,
                Host::Unix(path) => write!(formatter, "{}", path.display())?,
            }
            // One port is meant for all hosts.
            let ports = self.0.get_ports();
            if let Some(port) = ports.get(place).or(ports.first()) {
                write!(formatter, ":{port}")?;
            }
        }
        if let Some(database) = self.0.get_dbname() {
            write!(formatter, "/{database}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PostgresAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address: PostgresAddress = "postgres://shop:s%40cret@db.example:5433/money"
            .parse()
            .unwrap();
        let shown = "postgres://shop@db.example:5433/money";
        assert_eq!(address.to_string(), shown);
        assert_eq!(format!("{address:?}"), format!("PostgresAddress({shown})"));
        assert_eq!(address.config().get_password(), Some(&b"s@cret"[..]));
        assert!(!format!("{:?}", address.config()).contains("cret"));
    }

    #[test]
    fn a_password_in_the_url_is_the_one_that_counts() {
        let with: PostgresAddress = "postgres://u:own@h/d".parse().unwrap();
        let without: PostgresAddress = "postgres://u@h/d".parse().unwrap();
        let given = |address: PostgresAddress| {
            let address = address.or_password(Some(b"given"));
            address.config().get_password().map(<[u8]>::to_vec)
        };
        assert_eq!(given(with), Some(b"own".to_vec()));
        assert_eq!(given(without.clone()), Some(b"given".to_vec()));
        assert_eq!(without.or_password(None).config().get_password(), None);
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_it() {
        for text in [
            "",
            "postgres://",
            "postgres://u:hunter2@",
            "postgres://u:hunter2%zz@",
            "postgres://u:pass@hunter2@h/d",
            "postgres://u@h:port/hunter2",
            "postgres://h/hunter2",
            "http://u:hunter2@h/d",
        ] {
            let Err(error) = text.parse::<PostgresAddress>() else {
                panic!("{text}");
            };
            assert_eq!(error, AddressError::Form, "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn tls_is_refused_and_never_left_out_in_silence() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let text = format!("postgres://u@h/d?sslmode={mode}");
            let error = text.parse::<PostgresAddress>().unwrap_err();
            assert_eq!(error, AddressError::Tls, "{mode}");
        }
        for mode in ["disable", "prefer"] {
            let text = format!("postgres://u@h/d?sslmode={mode}");
            assert!(text.parse::<PostgresAddress>().is_ok(), "{mode}");
        }
    }
}
