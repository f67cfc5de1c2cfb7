//! A build without Kubernetes: a configuration that asks for it is refused.

use std::convert::Infallible;

use crate::{
    commands::{Edge, attach::Attachment},
    config::{Loaded, Override, file},
    engine::role::{Role, Sides},
    exit::Failure,
    source::poll::Fleet,
};

/// There never is one.
pub(in crate::commands) struct Spot(Infallible);

impl Spot {
    #[expect(clippy::unused_async, reason = "the build with Kubernetes asks a server here")]
    pub(in crate::commands) async fn find(_: &Edge, file: &file::File) -> Result<Option<Self>, Failure> {
        match &file.backend {
            Some(file::Backend::Kubernetes(_)) => {
                Err(Failure::usage("this build of rollwatch has no Kubernetes", "build it with the feature \"kubernetes\""))
            }
            _ => Ok(None),
        }
    }

    pub(in crate::commands) fn locator(&self) -> String {
        match self.0 {}
    }

    pub(in crate::commands) fn names(&self, _: &Loaded) -> Vec<Override> {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "the build with Kubernetes asks a server here")]
    pub(in crate::commands) async fn attach(
        &self,
        _: &Loaded,
        _: Option<Sides<String>>,
        _: bool,
        _: String,
    ) -> Result<(Attachment, Vec<Override>), Failure> {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "the build with Kubernetes asks a server here")]
    pub(in crate::commands) async fn trusted(&self, _: &Loaded) -> Result<(Override, String), Failure> {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "the build with Kubernetes asks a server here")]
    pub(in crate::commands) async fn fleet(&self, _: &file::File, _: Sides<String>, _: &[Role]) -> Result<Box<dyn Fleet>, Failure> {
        match self.0 {}
    }
}
