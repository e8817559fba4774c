//! Colours of the text output.

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Name of a function.
    Function,
    /// Something that is there to be found, not to be read: locations, counts.
    Quiet,
    /// A value.
    Value,
    /// An exception.
    Error,
    /// A heading.
    Heading,
}

/// Appends `text`, coloured where `colour` is set.
pub fn put(out: &mut String, colour: bool, style: Style, text: &str) {
    if !colour {
        out.push_str(text);
        return;
    }
    out.push_str(match style {
        Style::Function => "\x1b[1m",
        Style::Quiet => "\x1b[2m",
        Style::Value => "\x1b[36m",
        Style::Error => "\x1b[31m",
        Style::Heading => "\x1b[1;34m",
    });
    out.push_str(text);
    out.push_str("\x1b[0m");
}
