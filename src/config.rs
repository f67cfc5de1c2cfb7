//! The configuration: what may be written (`file`), where values come from (layers), what is allowed (validation).

pub mod file;
pub mod secret;
pub mod value;
