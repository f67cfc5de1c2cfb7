//! What stays of a watch: its report as Markdown, JUnit XML and annotations, of recorded and of hostile journals.

#[path = "report/ends.rs"]
mod ends;
#[path = "report/forms.rs"]
mod forms;
#[path = "report/hostile.rs"]
mod hostile;
#[path = "report/junit.rs"]
mod junit;
#[path = "report/lines.rs"]
mod lines;
