//! `config` and `lint`.

use super::{Edge, attach, print};
use crate::{
    backend::nginx,
    cli::{Config, Lint},
    config::{self, file},
    exit::{Failure, code},
    lint,
};

pub(super) fn run(edge: &Edge, what: Config) -> Result<u8, Failure> {
    match what {
        Config::Init { example } => {
            let text = config::init_text(example.as_deref())
                .map_err(|why| Failure::usage(why, "leave it out for every key with its default"))?;
            print(text)?;
        }
        Config::Schema => print(&config::schema_text())?,
        Config::Show => print(&attach::load(edge, &[])?.show())?,
        Config::Upstream { weight } => print(&upstream(edge, weight)?)?,
    }
    Ok(code::OK)
}

fn upstream(edge: &Edge, weight: f64) -> Result<String, Failure> {
    let loaded = attach::load(edge, &[])?;
    let Some(file::Backend::Nginx(nginx)) = &loaded.file.backend else {
        return Err(Failure::usage("the configuration has no nginx backend", "name one with -c FILE"));
    };
    nginx::upstream_text(nginx, &attach::plan(&loaded.file), weight)
        .map_err(|error| Failure::usage(error.to_string(), "correct the [backend] section"))
}

pub(super) fn lint(edge: &Edge, lint: &Lint) -> Result<u8, Failure> {
    let environment: Vec<(String, String)> = edge.around.texts().collect();
    let report = lint::run(&lint.paths, &environment);
    let mut text = Vec::new();
    report.write(&mut text).map_err(Failure::internal)?;
    print(&String::from_utf8_lossy(&text))?;
    Ok(report.exit_code())
}
