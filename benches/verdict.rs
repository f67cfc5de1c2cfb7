//! How good the verdicts are: false rollbacks, what is found and how soon, and other tools' rules on the same simulated windows.
//!
//! `cargo bench --bench verdict` prints the tables over some thousand windows. `-- --full` takes ten thousand healthy ones and writes
//! the tables to `benches/verdict.txt`. `-- --export DIR` writes windows as traces with labels (`--count N`, `--seed N`).
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures time and prints it")]

#[path = "verdict/export.rs"]
mod export;
#[path = "verdict/kayenta.rs"]
mod kayenta;
#[path = "verdict/limit.rs"]
mod limit;
#[path = "verdict/netflix.rs"]
mod netflix;
#[path = "verdict/peers.rs"]
mod peers;
#[path = "verdict/score.rs"]
mod score;
#[path = "verdict/series.rs"]
mod series;
#[path = "../tests/simulator/simulator.rs"]
mod simulator;
#[path = "verdict/tables.rs"]
mod tables;
#[path = "verdict/truth.rs"]
mod truth;

use std::{io, path::Path, time::Instant};

use simulator::window::Terms;
use tables::Size;

/// Seeds that the tests do not use.
const SEED: u64 = 1_000_000;
const QUICK: Size = Size { healthy: 1300, apart: 390, regressed: 760, peers: 190, seed: SEED };
const FULL: Size = Size { healthy: 10_000, apart: 2600, regressed: 5700, peers: 1900, seed: SEED };

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().skip_while(|a| *a != name).nth(1);
    let number = |name: &str| after(name).and_then(|text| text.parse::<u64>().ok());
    if let Some(folder) = after("--export") {
        let count = number("--count").and_then(|n| usize::try_from(n).ok()).unwrap_or(360);
        return export::export(Path::new(folder), count, number("--seed").unwrap_or(SEED), Terms::FULL);
    }
    let is_full = arguments.iter().any(|a| a == "--full");
    let size = if is_full { FULL } else { QUICK };
    let start = Instant::now();
    let mut text = String::new();
    for table in [tables::false_alarms, tables::lengths, tables::regressed, tables::peers] {
        let table = table(size);
        println!("{table}");
        text += &table;
        text.push('\n');
    }
    println!("{:.0} s", start.elapsed().as_secs_f64());
    if is_full {
        let head = "cargo bench --bench verdict -- --full\n\nAlpha 0.01, 600 s of history, windows extended up to three times; simulated.\n\n";
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/verdict.txt"), format!("{head}{}\n", text.trim_end()))?;
    }
    Ok(())
}
