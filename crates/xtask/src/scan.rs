//! Reading sources without a parser: comments and texts become blanks of the same length.
//!
//! Owns: what counts as code. Line numbers and columns stay what they were.

/// Rust source with comments, texts and test modules blanked.
pub fn rust_code(source: &str) -> String {
    without_tests(&blank_rust(source))
}

/// Python source with comments and texts blanked.
pub fn python_code(source: &str) -> String {
    let mut out = Blanker::new(source);
    while let Some(c) = out.peek(0) {
        match c {
            '#' => out.blank_until(|b| b.peek(0) == Some('\n')),
            '"' | '\'' => {
                let triple = out.peek(1) == Some(c) && out.peek(2) == Some(c);
                let width = if triple { 3 } else { 1 };
                out.blank(width);
                out.blank_text(c, width);
            }
            _ => out.keep(),
        }
    }
    out.text
}

/// The 1-based lines on which `word` stands as a whole word.
pub fn lines_with_word(code: &str, word: &str) -> Vec<usize> {
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    let whole = |line: &str, at: usize| {
        !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part)
    };
    let found = code.lines().enumerate().filter(|(_, line)| {
        let mut places = line.match_indices(word);
        places.any(|(at, _)| whole(line, at))
    });
    found.map(|(index, _)| index + 1).collect()
}

struct Blanker {
    source: Vec<char>,
    at: usize,
    text: String,
}

impl Blanker {
    fn new(source: &str) -> Blanker {
        Blanker {
            source: source.chars().collect(),
            at: 0,
            text: String::with_capacity(source.len()),
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.source.get(self.at + ahead).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(i, c)| self.peek(i) == Some(c))
    }

    fn keep(&mut self) {
        self.text.extend(self.peek(0));
        self.at += 1;
    }

    fn blank(&mut self, count: usize) {
        for _ in 0..count {
            let Some(c) = self.peek(0) else { return };
            self.text.push(if c == '\n' { '\n' } else { ' ' });
            self.at += 1;
        }
    }

    fn blank_until(&mut self, done: impl Fn(&Blanker) -> bool) {
        while self.at < self.source.len() && !done(self) {
            self.blank(1);
        }
    }

    /// Blanks up to and with the closing quotes; a backslash hides the next character.
    fn blank_text(&mut self, quote: char, width: usize) {
        while let Some(c) = self.peek(0) {
            if c == '\\' {
                self.blank(2);
            } else if (0..width).all(|i| self.peek(i) == Some(quote)) {
                return self.blank(width);
            } else {
                self.blank(1);
            }
        }
    }
}

fn blank_rust(source: &str) -> String {
    let mut out = Blanker::new(source);
    while let Some(c) = out.peek(0) {
        let after_word = out
            .text
            .ends_with(|p: char| p == '_' || p.is_alphanumeric());
        if out.starts_with("//") {
            out.blank_until(|b| b.peek(0) == Some('\n'));
        } else if out.starts_with("/*") {
            blank_block_comment(&mut out);
        } else if c == '"' {
            out.blank(1);
            out.blank_text('"', 1);
        } else if c == '\'' && (out.peek(1) == Some('\\') || out.peek(2) == Some('\'')) {
            out.blank(1);
            out.blank_text('\'', 1);
        } else if matches!(c, 'r' | 'b' | 'c') && !after_word && blank_raw_text(&mut out) {
        } else {
            out.keep();
        }
    }
    out.text
}

fn blank_block_comment(out: &mut Blanker) {
    let mut depth = 0;
    loop {
        if out.starts_with("/*") {
            depth += 1;
            out.blank(2);
        } else if out.starts_with("*/") {
            depth -= 1;
            out.blank(2);
        } else {
            out.blank(1);
        }
        if depth == 0 || out.peek(0).is_none() {
            return;
        }
    }
}

/// Blanks `r"..."`, `br#"..."#` and their like; false where there is none.
fn blank_raw_text(out: &mut Blanker) -> bool {
    let prefix = ["r", "br", "cr"].into_iter().find(|p| {
        let next = out.peek(p.len());
        out.starts_with(p) && matches!(next, Some('"' | '#'))
    });
    let Some(prefix) = prefix else { return false };
    let hashes = (prefix.len()..)
        .take_while(|&i| out.peek(i) == Some('#'))
        .count();
    if out.peek(prefix.len() + hashes) != Some('"') {
        return false;
    }
    out.blank(prefix.len() + hashes + 1);
    let end = format!("\"{}", "#".repeat(hashes));
    out.blank_until(|b| b.starts_with(&end));
    out.blank(end.len());
    true
}

/// Blanks every item under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find("#[cfg(test)]") {
        let (before, item) = rest.split_at(start);
        let end = item_end(item);
        out.push_str(before);
        out.extend(item[..end].chars().map(|c| if c == '\n' { c } else { ' ' }));
        rest = &item[end..];
    }
    out.push_str(rest);
    out
}

fn item_end(item: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in item.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_left_of_rust() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x\"y") g"#, "f(      ) g"),
            ("r#\"a\"b\"# c", "         c"),
            ("let x: &'a T = 'b';", "let x: &'a T =    ;"),
            ("'\\'' z", "     z"),
            ("for r in b", "for r in b"),
        ];
        for (source, expected) in cases {
            let code = rust_code(source);
            assert_eq!(code.trim_end(), expected.trim_end(), "{source}");
        }
    }

    #[test]
    fn test_items_are_no_code() {
        let code = rust_code("a\n#[cfg(test)]\nmod t { fn x() { y } }\nb\n#[cfg(test)]\nmod u;\nc");
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(words, ["a", "b", "c"]);
        assert_eq!(code.lines().count(), 7);
    }

    #[test]
    fn only_code_is_left_of_python() {
        let source = "a # b\n\"\"\"c\n'd'\"\"\" e 'f\\'g' h";
        let code = python_code(source);
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(words, ["a", "e", "h"]);
        assert_eq!(code.lines().count(), 3);
    }

    #[test]
    fn words_are_found_whole() {
        let code = "unsafe_code\n unsafe {\nmy_unsafe unsafe(x)";
        assert_eq!(lines_with_word(code, "unsafe"), [2, 3]);
    }
}
