//! Any object of the API: its metadata, and the rest as it came.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{ApiError, Kind};
use crate::engine::time::Time;

/// An object as it was read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Object {
    /// What every object has.
    #[serde(default)]
    pub metadata: Meta,
    /// What was asked for.
    #[serde(default)]
    pub spec: Value,
    /// What there is, as the object's controller last wrote it.
    #[serde(default)]
    pub status: Value,
}

/// An object's metadata, as far as it is looked at.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub namespace: String,
    /// Names this very object, never another one of the same name.
    pub uid: String,
    /// Changes with every change, of the status as well: what a write is bound to.
    pub resource_version: String,
    /// Counts the changes of what was asked for.
    pub generation: i64,
    /// When it was made.
    pub creation_timestamp: Option<String>,
    /// Since when it is on its way out.
    pub deletion_timestamp: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// What it belongs to.
    pub owner_references: Vec<Owner>,
}

/// What an object belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// `ReplicaSet`, `Rollout`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uid: String,
    /// It is the one that manages the object.
    pub controller: bool,
}

impl Object {
    /// The object in an answer of the server.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(value: Value) -> Result<Self, ApiError> {
        read(value, "an object")
    }

    /// What was asked for, in the shape of its kind.
    ///
    /// # Errors
    /// When it has another shape.
    pub fn spec<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        read(self.spec.clone(), &format!("the spec of {}", self.metadata.name))
    }

    /// What there is, in the shape of its kind; of a status that nobody has written yet, the default.
    ///
    /// # Errors
    /// When it has another shape.
    pub fn status<T: DeserializeOwned + Default>(&self) -> Result<T, ApiError> {
        match &self.status {
            Value::Null => Ok(T::default()),
            status => read(status.clone(), &format!("the status of {}", self.metadata.name)),
        }
    }
}

impl Meta {
    /// A label's value.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    /// An annotation's value.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.get(name).map(String::as_str)
    }

    /// When it was made.
    #[must_use]
    pub fn created(&self) -> Option<Time> {
        time(self.creation_timestamp.as_deref()?)
    }

    /// Whether the object with this identity manages it.
    #[must_use]
    pub fn is_owned_by(&self, uid: &str) -> bool {
        self.owner_references.iter().any(|owner| owner.uid == uid)
    }
}

/// A time as the API writes it; none when it is none.
#[must_use]
pub fn time(text: &str) -> Option<Time> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Time::from_ms(at.as_millisecond()))
}

pub(super) fn read<T: DeserializeOwned>(value: Value, what: &str) -> Result<T, ApiError> {
    let read = serde_path_to_error::deserialize(value);
    read.map_err(|error| {
        let why = crate::text::cleaned(&error.to_string());
        ApiError::new(Kind::Unreadable, format!("the API server sent {what} that cannot be read: {why}"))
    })
}
