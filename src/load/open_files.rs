//! Room for connections: each is an open file, of which a process may have so
//! many.

/// Room for what is no user's connection: those of races, payments and drains,
/// files, the runtime's own.
const SPARE: usize = 256;

/// Lets this process have as many files open as so many users need, each with
/// so many ends of a connection in it, as far as the system allows.
///
/// # Errors
/// [`TooFew`] where it does not.
pub fn make_room(users: usize, ends: usize) -> Result<(), TooFew> {
    let needed = users
        .checked_mul(ends)
        .and_then(|needed| u64::try_from(needed.checked_add(SPARE)?).ok())
        .unwrap_or(u64::MAX);
    match allow(needed) {
        Some(allowed) if allowed < needed => Err(TooFew { needed, allowed }),
        _ => Ok(()),
    }
}

/// Fewer files may be open than are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{needed} open files are needed, and this process may have {allowed}")]
pub struct TooFew {
    /// How many are needed.
    pub needed: u64,
    /// How many there may be.
    pub allowed: u64,
}

/// Raises the limit where it is lower and may be raised, and says what it is
/// then; `None` where there is none, or none is known.
#[cfg(target_os = "linux")]
fn allow(needed: u64) -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let current = limit.current?;
    if current >= needed {
        return Some(current);
    }
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => Some(current),
    }
}

#[cfg(not(target_os = "linux"))]
fn allow(_: u64) -> Option<u64> {
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
