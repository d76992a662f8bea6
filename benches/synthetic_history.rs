//! Writes a history of any size to a file, as a load would have left it:
//! `cargo run --release --example synthetic_history -- FILE OPERATIONS ORDERS`.

mod traffic;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use recoup::audit::history::Terms;
use recoup::audit::{BinaryWriter, Form, TextWriter};

use traffic::Traffic;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, operations, orders] = &arguments[..] else {
        return Err("usage: synthetic_history FILE OPERATIONS ORDERS".into());
    };
    let traffic = Traffic::new(operations.parse()?, orders.parse()?);
    let out = BufWriter::with_capacity(1 << 20, File::create(file)?);
    let terms = Terms::default();
    match Form::for_name(Path::new(file)) {
        Form::Text => {
            let mut writer = TextWriter::new(out, terms)?;
            traffic
                .into_iter()
                .try_for_each(|record| writer.write(&record))?;
            writer.finish()?;
        }
        Form::Binary => {
            let mut writer = BinaryWriter::new(out, terms)?;
            traffic
                .into_iter()
                .try_for_each(|record| writer.write(&record))?;
            writer.finish()?;
        }
    }
    Ok(())
}
