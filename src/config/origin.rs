//! Where a value was written: the built-in default, a line of a file, an environment variable, a flag.

use std::{fmt, ops::Range, sync::Arc};

use miette::NamedSource;

/// Where a value of the configuration comes from.
#[derive(Clone, Debug, Default)]
pub enum Origin {
    /// `config/default.toml`, which is built in.
    #[default]
    Default,
    /// Computed from other values; the text says how.
    Derived(&'static str),
    /// A file.
    File(Spot),
    /// The environment variable of this name.
    Environment(String),
    /// The flag of this name.
    Flag(&'static str),
}

/// A place in a file: which bytes are the key, which the value. What the file says is held with its secrets blanked out.
#[derive(Clone, Debug)]
pub struct Spot {
    pub(super) source: Arc<NamedSource<String>>,
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
}

impl Spot {
    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        let before = self.source.inner().as_bytes().iter().take(self.key.start);
        before.filter(|&&byte| byte == b'\n').count() + 1
    }

    /// The value as the file writes it. None for a header, `[policy]`: its brackets are around the key.
    pub(super) fn written(&self) -> Option<&str> {
        if self.value != self.key && self.value.contains(&self.key.start) {
            return None;
        }
        self.source.inner().get(self.value.clone())
    }
}

impl Origin {
    /// Whether nobody wrote the value.
    pub const fn is_built_in(&self) -> bool {
        matches!(self, Self::Default | Self::Derived(_))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Derived(how) => f.write_str(how),
            Self::File(spot) => write!(f, "{}:{}", spot.source.name(), spot.line()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}
