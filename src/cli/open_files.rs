//! Room for connections: each is an open file, of which a process may have so
//! many.

/// Connections that are no user's: those of races, payments and drains. What
/// else is open (files, the runtime's own) is few beside them.
const SPARE: usize = 256;

/// Lets this process have as many files open as the system allows it, and asks
/// whether these are enough for so many users, where so many sockets of each
/// connection are in it: two where its gateway is.
///
/// # Errors
/// [`TooFew`] where they are not.
pub(super) fn make_room(users: usize, sockets: usize) -> Result<(), TooFew> {
    let needed = users
        .checked_add(SPARE)
        .and_then(|connections| u64::try_from(connections.checked_mul(sockets)?).ok())
        .unwrap_or(u64::MAX);
    match raise() {
        Some(allowed) if allowed < needed => Err(TooFew { needed, allowed }),
        _ => Ok(()),
    }
}

/// Fewer files may be open than are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{needed} open files are needed, and this process may have {allowed}")]
pub(super) struct TooFew {
    /// How many are needed.
    pub(super) needed: u64,
    /// How many there may be.
    pub(super) allowed: u64,
}

/// Raises the limit as far as it may be raised, and says what it is then; `None`
/// where there is none, or none is known.
#[cfg(target_os = "linux")]
pub(super) fn raise() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn raise() -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_a_few_users_and_none_for_more_than_a_system_has() {
        assert_eq!(make_room(8, 2), Ok(()));
        let TooFew { needed, allowed } = make_room(usize::MAX / 4, 2).unwrap_err();
        assert!(allowed < needed);
    }
}
