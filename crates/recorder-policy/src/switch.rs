//! What a switch is, and how its text becomes a value.

use std::path::PathBuf;

/// The texts that switch something on and off, in any case and with blanks around them.
pub(crate) const TRUE: &[&str] = &["1", "true", "t", "yes", "y"];
pub(crate) const FALSE: &[&str] = &["0", "false", "f", "no", "n"];

/// What values a switch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// On or off.
    Bool,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A path.
    Path,
    /// A path, or nothing.
    MaybePath,
    /// A whole number from the first to the second.
    Count(u32, u32),
    /// A size, a time, or nothing.
    Window,
}

impl Shape {
    /// The allowed values, for people.
    pub fn allowed(self) -> String {
        match self {
            Shape::Bool => format!("{}, {}", TRUE.join(", "), FALSE.join(", ")),
            Shape::Choice(words) => words.join(", "),
            Shape::Path => "a path that is not empty".to_owned(),
            Shape::MaybePath => "a path, or nothing for none".to_owned(),
            Shape::Count(least, most) => format!("a whole number from {least} to {most}"),
            Shape::Window => "a size from 384K to 1024G such as 500K, 32M or 2G, a time from 1s to 86400s such as 30s, or \
                              nothing for all"
                .to_owned(),
        }
    }
}

/// A value of a switch, for those who list policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// On or off.
    Bool(bool),
    /// One of the allowed words.
    Choice(&'static str),
    /// A path.
    Path(PathBuf),
    /// A whole number.
    Count(u32),
    /// Text of a form of its own.
    Text(String),
}

/// One row of the table of switches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// The name: the Python keyword, and the key in the metadata.
    pub key: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// What holds when nobody says anything.
    pub default: Setting,
    /// The environment variable, where there is one.
    pub env: Option<&'static str>,
    /// The flag of `record`.
    pub flag: &'static str,
    /// What it does, one sentence.
    pub doc: &'static str,
}

/// A type that a switch can have.
pub(crate) trait Value: Sized {
    const SHAPE: Shape;
    fn parse(text: &str) -> Option<Self>;
    fn setting(&self) -> Setting;
}

impl Value for bool {
    const SHAPE: Shape = Shape::Bool;

    fn parse(text: &str) -> Option<bool> {
        let is_in = |words: &[&str]| words.iter().any(|w| text.trim().eq_ignore_ascii_case(w));
        match (is_in(TRUE), is_in(FALSE)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    fn setting(&self) -> Setting {
        Setting::Bool(*self)
    }
}

impl Value for PathBuf {
    const SHAPE: Shape = Shape::Path;

    fn parse(text: &str) -> Option<PathBuf> {
        (!text.is_empty()).then(|| PathBuf::from(text))
    }

    fn setting(&self) -> Setting {
        Setting::Path(self.clone())
    }
}

/// A path, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MaybePath(pub PathBuf);

impl Value for MaybePath {
    const SHAPE: Shape = Shape::MaybePath;

    fn parse(text: &str) -> Option<Self> {
        Some(Self(PathBuf::from(text)))
    }

    fn setting(&self) -> Setting {
        Setting::Path(self.0.clone())
    }
}

/// A whole number from 1 to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<const MOST: u32>(pub u32);

impl<const MOST: u32> Value for Count<MOST> {
    const SHAPE: Shape = Shape::Count(1, MOST);

    fn parse(text: &str) -> Option<Self> {
        let n = text.trim().parse().ok()?;
        (1..=MOST).contains(&n).then_some(Self(n))
    }

    fn setting(&self) -> Setting {
        Setting::Count(self.0)
    }
}

/// How much a flight recorder keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// No flight recorder: everything is kept.
    #[default]
    All,
    /// The newest part, in so many units of 2^10, 2^20 or 2^30 bytes on disk, by their letter.
    Size(u64, char),
    /// What is not older than so many seconds.
    Seconds(u64),
}

/// Bytes that a window may have.
const WINDOW_BYTES: std::ops::RangeInclusive<u64> = 384 << 10..=1 << 40;

/// Seconds that a window may have.
const WINDOW_SECONDS: std::ops::RangeInclusive<u64> = 1..=86_400;

impl Window {
    /// Reads `32M`, `30s` or nothing.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let Some(unit) = text.chars().last() else {
            return Some(Self::All);
        };
        let digits = text.strip_suffix(unit)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let n: u64 = digits.parse().ok()?;
        let window = match unit {
            's' => WINDOW_SECONDS.contains(&n).then_some(Self::Seconds(n))?,
            _ => Self::Size(n, unit.to_ascii_uppercase()),
        };
        match window.bytes() {
            None if matches!(window, Self::Size(..)) => None,
            Some(bytes) if !WINDOW_BYTES.contains(&bytes) => None,
            _ => Some(window),
        }
    }

    /// Bytes of a size.
    pub fn bytes(self) -> Option<u64> {
        let Self::Size(n, unit) = self else {
            return None;
        };
        let shift = match unit {
            'K' => 10,
            'M' => 20,
            'G' => 30,
            _ => return None,
        };
        n.checked_mul(1 << shift)
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Size(n, unit) => write!(f, "{n}{unit}"),
            Self::Seconds(n) => write!(f, "{n}s"),
        }
    }
}

impl Value for Window {
    const SHAPE: Shape = Shape::Window;

    fn parse(text: &str) -> Option<Self> {
        Self::read(text)
    }

    fn setting(&self) -> Setting {
        Setting::Text(self.to_string())
    }
}
