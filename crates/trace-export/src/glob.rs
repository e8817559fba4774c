//! Name patterns: `*` for any text, `?` for any character.

/// Whether all of `text` matches `pattern`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and the first character after what it stands for.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || Some(c) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            }
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

/// Whether a pattern names a function: its qualified name, or the last component of it.
pub fn names_function(pattern: &str, qualname: &str) -> bool {
    matches(pattern, qualname)
        || qualname
            .rsplit('.')
            .next()
            .is_some_and(|last| matches(pattern, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        let cases = [
            ("solve", "solve", true),
            ("solve", "Solver.solve", true),
            ("Solver.*", "Solver.solve", true),
            ("s?lve", "solve", true),
            ("sol", "solve", false),
            ("*", "", true),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbX", false),
            ("inner", "outer.<locals>.inner", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(names_function(pattern, name), expected, "{pattern} {name}");
        }
    }
}
