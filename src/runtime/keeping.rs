//! Before a destructive act: what it will take away is put on disk, within a limit that the act waits for at most. Whatever goes wrong
//! here is said and stops nothing.

use std::{sync::mpsc, time::Duration};

use tokio::task::spawn_blocking;

use crate::{
    backend::{Act, Part},
    engine::action::Order,
    humanize,
    journal::{FileError, evidence::Evidence, store::Store},
};

/// How long it may take to gather.
const GATHER: Duration = Duration::from_millis(4500);
/// How long the last of it may take to be written; longer than that nobody waits, and it goes on by itself.
const WRITE: Duration = Duration::from_millis(500);

/// Where evidence is kept.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// The state directory.
    pub store: Store,
    /// Whose.
    pub deployment: String,
}

impl Keeper {
    /// Gathers what there is, and says in a sentence what was kept; null where the backend has nothing to show.
    pub async fn keep(&self, hands: &dyn Act, order: &Order) -> Option<String> {
        let (sender, parts) = mpsc::channel();
        let (keeper, id) = (self.clone(), order.id.clone());
        let writing = spawn_blocking(move || keeper.write(&id, &parts));
        let take = move |part: Part| {
            // A writer that has given up has said why.
            sender.send(part).ok();
        };
        let is_whole = tokio::time::timeout(GATHER, hands.evidence(order, &take)).await.is_ok();
        drop(take);
        match tokio::time::timeout(WRITE, writing).await {
            Ok(Ok(Ok(kept))) => kept.map(|kept| sentence(&kept, is_whole)),
            Ok(Ok(Err(error))) => Some(format!("No evidence was kept: {error}")),
            Ok(Err(_)) | Err(_) => Some("Evidence is still being written: the disk is slow".to_owned()),
        }
    }

    /// The folder is made for the first part.
    fn write(&self, id: &str, parts: &mpsc::Receiver<Part>) -> Result<Option<Evidence>, FileError> {
        let Ok(first) = parts.recv() else { return Ok(None) };
        let mut evidence = self.store.evidence(&self.deployment, id)?;
        evidence.keep(&first.name, &first.text)?;
        for part in parts {
            evidence.keep(&part.name, &part.text)?;
        }
        Ok(Some(evidence))
    }
}

fn sentence(kept: &Evidence, is_whole: bool) -> String {
    let files = humanize::plural(kept.files() as f64, "file", "files");
    let rest = match (is_whole, kept.is_cut()) {
        (false, _) => "; not all was answered in time",
        (true, true) => "; not all had room",
        (true, false) => "",
    };
    format!("What is there now is kept in {} ({files}{rest})", kept.folder().display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backend::{ActError, Answer, Take},
        engine::action::{Action, Actor, ActorKind, Target},
    };

    /// Shows so many parts, and then nothing more for ever where it hangs.
    struct Shows {
        parts: usize,
        hangs: bool,
    }

    impl Act for Shows {
        fn act<'a>(&'a self, _: &'a Order) -> Answer<'a, Result<(), ActError>> {
            Box::pin(std::future::ready(Ok(())))
        }

        fn evidence<'a>(&'a self, _: &'a Order, take: Take<'a>) -> Answer<'a, ()> {
            (0..self.parts).for_each(|nth| take(Part { name: format!("{nth}.txt"), text: "seen".to_owned() }));
            if self.hangs { Box::pin(std::future::pending()) } else { Box::pin(std::future::ready(())) }
        }
    }

    fn order() -> Order {
        Order {
            id: "19ab-1".to_owned(),
            action: Action::Rollback,
            target: Target { version: "v1".to_owned(), reference: "web-1".to_owned(), weight: Some(0.0) },
            actor: Actor { kind: ActorKind::Key, user: "ana".to_owned() },
            token: "t".to_owned(),
            reason: None,
        }
    }

    /// What is said, how long it took, and how many files there are.
    async fn kept(parts: usize, hangs: bool) -> (Option<String>, Duration, usize) {
        let dir = tempfile::tempdir().expect("a folder");
        let keeper = Keeper { store: Store::at(dir.path().join("state")), deployment: "api".to_owned() };
        let began = tokio::time::Instant::now();
        let said = keeper.keep(&Shows { parts, hangs }, &order()).await;
        let folder = said.as_ref().and_then(|said| Some(said.split_once("kept in ")?.1.split(" (").next()?.to_owned()));
        let files = folder.map_or(0, |folder| std::fs::read_dir(folder).expect("there").count());
        (said.map(|said| said.split(" (").nth(1).unwrap_or_default().to_owned()), began.elapsed(), files)
    }

    #[tokio::test]
    async fn what_there_is_is_kept_and_nothing_makes_no_folder() {
        let (said, _, files) = kept(3, false).await;
        assert_eq!((said.as_deref(), files), (Some("3 files)"), 3));
        assert_eq!(kept(0, false).await.0, None);
    }

    #[tokio::test]
    async fn an_act_waits_for_it_five_seconds_at_most_and_what_was_had_by_then_stays() {
        let (said, took, files) = kept(2, true).await;
        assert_eq!((said.as_deref(), files), (Some("2 files; not all was answered in time)"), 2));
        assert!(took <= GATHER + WRITE, "{took:?}");
    }
}
