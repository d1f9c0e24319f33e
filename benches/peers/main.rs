//! Us and the peer side by side in one run: `cargo bench --bench peers --features peers`.
//!
//! Every row is a ratio of two medians measured in turns, so that whatever else the machine does falls on both. Without
//! arguments all rows are measured; an argument chooses the rows whose name contains it.

mod batches;
mod gate;
mod measure;
mod processes;
mod reading;
mod world;

use measure::Table;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let mut table = Table::new(wanted);
    processes::run(&mut table);
    batches::run(&mut table);
    reading::run(&mut table);
    gate::run(&mut table);
    table.print();
}
