//! One row a call: its name and the kind of each argument, by topic.
//!
//! Keyed by name, because the numbers differ between the machines; a name that a machine has not is
//! never looked up there.

mod descriptors;
mod files;
mod memory;
mod network;
mod process;
mod system;
mod time;

use super::signature::Row;

/// Every table.
pub(super) static TABLES: [&[Row]; 7] = [
    descriptors::ROWS,
    files::ROWS,
    memory::ROWS,
    network::ROWS,
    process::ROWS,
    system::ROWS,
    time::ROWS,
];
