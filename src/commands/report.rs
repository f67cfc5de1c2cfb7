//! `report`, and the report flags of a run: where they go, what they point to.

use std::path::Path;

use url::Url;

use super::{Edge, print};
use crate::{
    cli::{Report as Args, Run},
    exit::{Failure, code},
    journal::reader,
    report::{Form, Links, Reports, absolute, junit, markdown, summary::Summary},
    runtime::logging::{self, Destination},
};

/// The variable that names the file a step's summary is appended to.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// `report JOURNAL`
pub(super) fn run(edge: &Edge, args: &Args) -> Result<u8, Failure> {
    logging::start(edge.common.verbose, Destination::Stderr);
    let path = &args.journal;
    let help = "name a journal; `rollwatch journals` lists them";
    let read = reader::read(path).map_err(|error| Failure::usage(error.to_string(), help))?;
    for remark in read.torn.iter().chain(&read.newer) {
        tracing::warn!("{}: {remark}", path.display());
    }
    let summary = Summary::of(&read.lines).ok_or_else(|| Failure::usage(format!("{} holds no watch", path.display()), help))?;
    let links = Links { journal: Some(absolute(path)), run: ci_run(edge) };
    print(&match args.format {
        Form::Markdown => markdown::render(&summary, &links),
        Form::Junit => junit::render(&summary, &links),
    })?;
    Ok(code::OK)
}

/// The reports that a run was asked for; every one of them can be written.
pub(super) fn prepare(edge: &Edge, run: &Run) -> Result<Reports, Failure> {
    let same = |a: &Path, b: &Path| absolute(a) == absolute(b);
    if let (Some(a), Some(b)) = (&run.junit, &run.markdown)
        && same(a, b)
    {
        return Err(Failure::usage("--junit and --markdown name the same file", "name two"));
    }
    let github = run.github.then(|| step_summary(edge)).transpose()?;
    let links = Links { journal: None, run: ci_run(edge) };
    let reports = Reports::to(run.junit.clone(), run.markdown.clone(), github, links);
    reports.probe().map_err(|error| Failure::usage(error.to_string(), "name a file in a folder that exists and can be written"))?;
    Ok(reports)
}

fn step_summary(edge: &Edge) -> Result<std::path::PathBuf, Failure> {
    edge.around.path(STEP_SUMMARY).filter(|path| !path.as_os_str().is_empty()).ok_or_else(|| {
        let what = format!("--github has no place for the summary: {STEP_SUMMARY} is not set");
        Failure::usage(what, "GitHub Actions sets it in every step; elsewhere write --markdown FILE")
    })
}

/// The address of the CI run this is part of, where there is one: GitHub Actions, GitLab.
fn ci_run(edge: &Edge) -> Option<String> {
    let text = |name| Some(edge.around.text(name)).filter(|value| !value.is_empty());
    let github = || {
        let (server, repository, run) = (text("GITHUB_SERVER_URL")?, text("GITHUB_REPOSITORY")?, text("GITHUB_RUN_ID")?);
        Some(format!("{server}/{repository}/actions/runs/{run}"))
    };
    let url = Url::parse(&github().or_else(|| text("CI_JOB_URL"))?).ok()?;
    let is_plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    is_plain.then(|| url.to_string())
}
