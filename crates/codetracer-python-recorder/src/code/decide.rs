//! Whether a code object is the program's own: decided by real path, by the target of the command line, by module name.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use recorder_core::Target;

/// Where a source file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The program's own.
    Program,
    /// The standard library or an installed package.
    Library,
    /// The recorder itself.
    Recorder,
    /// No file stands behind the name; the module decides.
    Nameless,
}

/// Facts of the interpreter that the decision needs.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Directories of the standard library.
    pub library: Vec<PathBuf>,
    /// Directory of the recorder's package.
    pub recorder: PathBuf,
}

/// File names remembered at most.
const FILES: usize = 4096;

/// Decides per code object, remembering file names.
#[derive(Debug)]
pub struct Decider {
    all: bool,
    places: Places,
    script: Option<PathBuf>,
    package: Option<String>,
    files: HashMap<String, (Origin, String)>,
}

/// What is known of the code's module without running anything.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// `__name__` of the globals.
    pub name: Option<String>,
    /// `__package__` of the globals.
    pub package: Option<String>,
    /// `__file__` of `sys.modules[__name__]`, when there is such a module.
    pub file: Option<String>,
    /// Whether `sys.modules` has the name.
    pub imported: bool,
}

impl Decider {
    /// A decider for one session.
    pub fn new(all: bool, target: Option<&Target>, places: Places) -> Self {
        let script = match target {
            Some(Target::Script(path)) => std::fs::canonicalize(path).ok(),
            _ => None,
        };
        let package = match target {
            Some(Target::Module(name)) => name.split('.').next().map(str::to_owned),
            _ => None,
        };
        Self {
            all,
            places,
            script,
            package,
            files: HashMap::new(),
        }
    }

    /// Where the file named `filename` belongs, and its real path (empty when there is none).
    pub fn origin(&mut self, filename: &str) -> (Origin, String) {
        if let Some(known) = self.files.get(filename) {
            return known.clone();
        }
        let found = self.classify(filename);
        if self.files.len() >= FILES {
            self.files.clear();
        }
        self.files.insert(filename.to_owned(), found.clone());
        found
    }

    fn classify(&self, filename: &str) -> (Origin, String) {
        if filename.starts_with("<frozen ") {
            return (Origin::Library, String::new());
        }
        if filename.starts_with('<') && filename.ends_with('>') {
            return (Origin::Nameless, String::new());
        }
        let Ok(real) = std::fs::canonicalize(filename) else {
            let origin = if Path::new(filename).is_absolute() {
                self.place(Path::new(filename))
            } else {
                Origin::Nameless
            };
            return (origin, String::new());
        };
        (self.place(&real), real.to_string_lossy().into_owned())
    }

    fn place(&self, real: &Path) -> Origin {
        if real.starts_with(&self.places.recorder) {
            return Origin::Recorder;
        }
        if let Some(script) = &self.script
            && real.starts_with(script)
        {
            return Origin::Program;
        }
        let installed = real.components().any(
            |c| matches!(c, Component::Normal(name) if name == "site-packages" || name == "dist-packages"),
        );
        if installed || self.places.library.iter().any(|dir| real.starts_with(dir)) {
            return Origin::Library;
        }
        Origin::Program
    }

    /// Whether the code in `filename` that runs in `module` is recorded; `caller` says whether the frame below is.
    pub fn traced(
        &mut self,
        filename: &str,
        module: impl FnOnce() -> Module,
        caller: impl FnOnce() -> bool,
    ) -> bool {
        match self.origin(filename).0 {
            Origin::Recorder => false,
            Origin::Program => true,
            _ if self.all => true,
            Origin::Library => self.package.is_some() && self.in_package(&module()),
            Origin::Nameless => {
                let module = module();
                match (&module.name, &module.file) {
                    (Some(name), _) if name == "__main__" => true,
                    (Some(_), Some(file)) => match self.origin(file).0 {
                        Origin::Program => true,
                        Origin::Library => self.in_package(&module),
                        Origin::Recorder | Origin::Nameless => false,
                    },
                    (Some(_), None) => false,
                    (None, _) => caller(),
                }
            }
        }
    }

    /// Whether the module belongs to the package that `-m` runs.
    fn in_package(&self, module: &Module) -> bool {
        let Some(package) = &self.package else {
            return false;
        };
        let belongs = |name: &Option<String>| {
            name.as_deref()
                .is_some_and(|n| n.split('.').next() == Some(package))
        };
        belongs(&module.package) || belongs(&module.name)
    }
}
