//! Kubernetes' API: which cluster is meant, a connection to it, its objects as far as they are read here.
//!
//! Everything is read as JSON and written as a patch made by hand: an object that was read is never put back, so nothing that this
//! version does not know is lost. No request is repeated here, and each has a limit.

mod cluster;
mod error;
mod object;
mod place;
mod pod;

pub use cluster::{Cluster, Page, Patch};
pub use error::{ApiError, Kind};
pub use object::{Meta, Object, Owner, time};
pub use place::{Access, Place, PlaceError};
pub use pod::{Container, Pod, Port, Trouble};
