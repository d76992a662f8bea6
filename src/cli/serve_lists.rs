//! What the reference gateway can be asked for: its faults and its variants.

use std::io::{self, Write};

use crate::gateway::{Fault, LEFT_OUT, Variant};

/// Writes the lists that are asked for. Who closes the pipe (`| head`) has read
/// enough.
///
/// # Errors
/// Those of `out`, but for a closed pipe.
pub(super) fn write(faults: bool, variants: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut write = || {
        if faults {
            list_faults(out)?;
        }
        if variants {
            list_variants(out)?;
        }
        out.flush()
    };
    match write() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn list_faults(out: &mut dyn Write) -> io::Result<()> {
    let names = widest(Fault::ALL.iter().map(|fault| fault.name()));
    let numbers = Fault::ALL
        .iter()
        .map(|fault| known_as(fault.numbers()).len());
    let numbers = numbers.max().unwrap_or(0);
    for fault in Fault::ALL {
        let window = match fault.window() {
            Some(window) => format!(" [window {} µs]", window.as_micros()),
            None => String::new(),
        };
        let numbers_of_it = known_as(fault.numbers());
        let description = fault.description();
        writeln!(
            out,
            "{numbers_of_it:<numbers$}  {fault:<names$}  {description}{window}"
        )?;
    }
    writeln!(out, "\nKnown bugs that are left out:")?;
    for left in LEFT_OUT {
        let numbers_of_it = known_as(left.numbers);
        let (name, reason) = (left.name, left.reason);
        writeln!(out, "{numbers_of_it:<numbers$}  {name}: {reason}")?;
    }
    Ok(())
}

/// The numbers of known bugs as they are written.
fn known_as(numbers: &[u8]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|n| format!("M{n:02}")).collect();
    numbers.join(" ")
}

fn list_variants(out: &mut dyn Write) -> io::Result<()> {
    let names = widest(Variant::ALL.iter().map(|variant| variant.name()));
    for variant in Variant::ALL {
        writeln!(out, "{variant:<names$}  {}", variant.description())?;
    }
    Ok(())
}

fn widest<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    names.map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe that was closed.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        assert!(write(true, true, &mut Closed).is_ok());
    }

    #[test]
    fn the_lists_have_a_line_for_each_entry() {
        let mut out = Vec::new();
        write(true, true, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (heading, entries) = (2, Fault::ALL.len() + LEFT_OUT.len() + Variant::ALL.len());
        assert_eq!(text.lines().count(), heading + entries);
        let line = text.lines().find(|line| line.contains(" check-then-act "));
        assert!(line.unwrap().starts_with("M52 "), "{text}");
    }
}
