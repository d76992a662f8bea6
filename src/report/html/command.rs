//! A command to be run again, with a button that copies it.

use std::io::{self, Write};

use super::escape::text;

/// Writes the command under its name. The button is shown by the page's
/// script, without which it could do nothing.
pub(super) fn write(name: &str, command: &str, out: &mut dyn Write) -> io::Result<()> {
    // Lines are broken between words alone: `-- target` would be another command.
    let words: Vec<String> = command
        .split(' ')
        .map(|word| format!("<span>{}</span>", text(word)))
        .collect();
    writeln!(
        out,
        "<div class=\"command\"><span class=\"quiet\">{name}</span><code>{}</code>\
         <button type=\"button\" class=\"copy\" aria-label=\"Copy: {name}\" hidden=\"hidden\">Copy</button></div>",
        words.join(" "),
    )
}
