//! The journal and its locks on a real file system: damage, full disks, other processes, hostile directories.

#[path = "journal/damage.rs"]
mod damage;
#[path = "journal/events.rs"]
mod events;
#[path = "journal/files.rs"]
mod files;
#[path = "journal/locks.rs"]
mod locks;
#[path = "journal/process.rs"]
mod process;
#[path = "journal/round_trip.rs"]
mod round_trip;
#[path = "journal/store.rs"]
mod store;
#[path = "journal/writing.rs"]
mod writing;
