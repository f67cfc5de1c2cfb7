//! Finds the word that was probably meant.

/// The word of `known` that is closest to `word`, if one is close enough to have been meant.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_lowercase();
    let near = known.into_iter().map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate));
    let close = near.filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4);
    close.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// Mistyped letters between the two; a word that goes on where the other one ends is one mistake.
fn distance(word: &str, candidate: &str) -> usize {
    let goes_on = |long: &str, short: &str| short.len() >= 3 && long.starts_with(short);
    if word != candidate && (goes_on(word, candidate) || goes_on(candidate, word)) {
        return 1;
    }
    strsim::osa_distance(word, candidate)
}

/// Words in quotes, with "or" before the last one.
pub(crate) fn listed<'k>(words: impl IntoIterator<Item = &'k str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("\"{word}\"")).collect();
    match words.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_found_and_a_strange_one_is_not() {
        let known = ["poll", "window", "max_window", "warmup", "playbook_k"];
        let cases = [
            ("windw", Some("window")),
            ("Window", Some("window")),
            ("max-window", Some("max_window")),
            ("poll_interval", Some("poll")),
            ("wramup", Some("warmup")),
            ("warm_up", Some("warmup")),
            ("interval", None),
            ("", None),
        ];
        for (word, want) in cases {
            assert_eq!(nearest(word, known), want, "{word}");
        }
    }

    #[test]
    fn words_are_listed_as_in_a_sentence() {
        assert_eq!(listed(["a"]), "\"a\"");
        assert_eq!(listed(["a", "b", "c"]), "\"a\", \"b\" or \"c\"");
    }
}
