//! The family of a recording: those of the processes that came from its own, directly or not.
//!
//! Owns finding them, in the directory `children` of the first process's recording, and who came from whom. Refuses to
//! read events.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::metadata::Metadata;
use crate::reader::{Recording, Status};
use crate::staging::home::members;
use crate::staging::{CHILDREN, is_running, place_of, read_metadata, staging_run_id};

/// The recording of one process of a family.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its directory.
    pub path: PathBuf,
    /// How far it came.
    pub status: Status,
    /// What is known of it; of an unfinished one what is known so far.
    pub metadata: Metadata,
    /// Why it cannot be read: an error code.
    pub damage: Option<&'static str>,
    /// Those of the processes that came from this one, oldest first.
    pub children: Vec<Member>,
}

impl Member {
    /// The number of processes in this one's tree.
    pub fn processes(&self) -> u64 {
        1 + self.children.iter().map(Self::processes).sum::<u64>()
    }

    /// Whether it is what a flight recorder saved while it went on: its name says more than process and run.
    fn is_dump(&self) -> bool {
        let place = place_of(&self.path).unwrap_or_else(|| self.path.clone());
        let name = place.file_name().map(|name| name.to_string_lossy());
        let run = name.as_deref().and_then(|name| name.split_once('-'));
        self.metadata.flight.is_some()
            && run.is_some_and(|(_, end)| !self.metadata.run_id.ends_with(end))
    }

    fn read(path: PathBuf) -> Self {
        let member = Self::look(path);
        match place_of(&member.path) {
            // It was committed since the directory was read.
            Some(place) if !member.path.exists() => Self::look(place),
            _ => member,
        }
    }

    fn look(path: PathBuf) -> Self {
        let status = match staging_run_id(&path) {
            None => Status::Finished,
            Some(_) if is_running(&path) => Status::Running,
            Some(_) => Status::Interrupted,
        };
        // What an unfinished one holds is in its segments.
        let read = if status == Status::Finished {
            read_metadata(&path).map(Option::unwrap_or_default)
        } else {
            Recording::open(&path).map(|recording| recording.metadata().clone())
        };
        let (metadata, damage) = match read {
            Ok(metadata) => (metadata, None),
            Err(error) => {
                let known = read_metadata(&path).ok().flatten();
                (known.unwrap_or_default(), Some(error.code().name()))
            }
        };
        Self {
            path,
            status,
            metadata,
            damage,
            children: Vec::new(),
        }
    }
}

/// The recordings of processes that came from that of the recording at `path`, whose run is `run_id`. Those whose parent
/// is not there belong to the family's first.
pub fn children(path: &Path, run_id: &str) -> Vec<Member> {
    let in_family = path
        .parent()
        .filter(|parent| parent.file_name().is_some_and(|name| name == CHILDREN))
        .and_then(Path::parent);
    let found: Vec<Member> = members(in_family.unwrap_or(path))
        .into_iter()
        .map(Member::read)
        .filter(|member| !member.is_dump())
        .collect();
    let known: HashSet<String> = found
        .iter()
        .map(|member| member.metadata.run_id.clone())
        .collect();
    let mut by_parent: HashMap<Option<String>, Vec<Member>> = HashMap::new();
    for member in found {
        let parent = member.metadata.parent_run_id.clone();
        let parent = parent.filter(|parent| known.contains(parent));
        by_parent.entry(parent).or_default().push(member);
    }
    // A member of the family has its own; the first one has all that have no parent among the members.
    let own = in_family.is_some().then(|| run_id.to_owned());
    take(&mut by_parent, own)
}

/// Takes the children of a run out, so that each recording appears once whatever it says of its parent.
fn take(by_parent: &mut HashMap<Option<String>, Vec<Member>>, run: Option<String>) -> Vec<Member> {
    let mut found = by_parent.remove(&run).unwrap_or_default();
    for member in &mut found {
        let own = member.metadata.run_id.clone();
        if !own.is_empty() {
            member.children = take(by_parent, Some(own));
        }
    }
    found.sort_by_key(|member| member.metadata.started_unix_ns);
    found
}
