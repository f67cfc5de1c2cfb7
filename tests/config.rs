//! The configuration as its users meet it: files, environment, flags, what is refused and how it is said.

mod config {
    mod checks;
    mod corpus;
    mod layers;
    mod lint;
    mod published;
    mod random;
    mod reading;
    mod rules;
    mod support;
}
