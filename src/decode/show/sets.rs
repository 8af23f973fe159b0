//! The flags and values that calls take, by topic.

pub(super) mod files;
pub(super) mod ioctls;
pub(super) mod memory;
pub(super) mod network;
pub(super) mod process;
pub(super) mod system;
