//! Events from any step on, page by page, each with the values that `print --json` shows.
//!
//! Owns how little of a recording must be read for that. What a page shows depends on earlier events: states of objects,
//! which any thread may have changed, and names of frames. A page first reads only the blocks that can hold its events;
//! where something is in question that a block left out may have changed, it reads all from where every object is
//! described anew. A page that follows another goes on with what that one knew.

use recorder_errors::{RecorderError, RecorderResult, bug, usage};
use trace_export::{Follow, JsonEvents};
use trace_model::{Event, EventKind};
use trace_store::Recording;
use trace_store::reader::Selection;

use super::output::with_view;

/// Bytes after which a page of events ends.
const PAGE_BYTES: usize = 4 << 20;
/// Events after which a page ends though few of them were wanted.
const PAGE_SCAN: u64 = 1 << 20;

/// Which events a page is made of.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The first step.
    pub from_step: u64,
    /// One thread, or all.
    pub thread: Option<u32>,
    /// Kinds; all when empty.
    pub kinds: Vec<EventKind>,
    /// At most so many events.
    pub limit: usize,
}

impl Wanted {
    fn has(&self, event: &Event) -> bool {
        event.step >= self.from_step
            && self.thread.is_none_or(|thread| thread == event.thread)
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind))
    }
}

/// The kinds of these names.
pub fn kinds(names: &[String]) -> RecorderResult<Vec<EventKind>> {
    let kind = |name: &String| {
        let known = EventKind::ALL.into_iter().find(|k| k.as_str() == name);
        known.ok_or_else(|| usage!(INVALID_ARGUMENT, "there is no kind of event {name:?}"))
    };
    names.iter().map(kind).collect()
}

/// What a page knew at its end, for the page that goes on from there.
#[derive(Debug)]
pub struct Kept {
    step: u64,
    follow: Follow,
    /// What is older than this step may be older than it looks.
    missed: u64,
}

impl Kept {
    /// Whether the page wanted goes on from here.
    pub fn serves(&self, wanted: &Wanted) -> bool {
        self.step == wanted.from_step && wanted.kinds.is_empty()
    }
}

/// Events as JSON lines.
#[derive(Debug, Default)]
pub struct Page {
    pub lines: Vec<u8>,
    /// The step from which the next page goes on, if there may be more.
    pub next: Option<u64>,
    pub kept: Option<Kept>,
}

/// Blocks that a page did not read, by their first steps.
#[derive(Debug, Default)]
struct Unread {
    blocks: Vec<(u64, u64)>,
    at: usize,
    most: u64,
}

impl Unread {
    fn new(mut blocks: Vec<(u64, u64)>, most: u64) -> Self {
        blocks.sort_unstable();
        Self {
            blocks,
            at: 0,
            most,
        }
    }

    /// The step before which something may have been missed, for who has read up to `step`.
    fn until(&mut self, step: u64) -> u64 {
        while let Some((_, end)) = self.blocks.get(self.at).filter(|(first, _)| *first <= step) {
            self.most = self.most.max(*end);
            self.at += 1;
        }
        self.most.min(step)
    }
}

/// Reads a page. `kept` is of a page that this one follows.
pub fn page(recording: &Recording, wanted: &Wanted, kept: Option<Kept>) -> RecorderResult<Page> {
    if let Some(kept) = kept
        && let Some(page) = go_on(recording, wanted, kept)?
    {
        return Ok(page);
    }
    if let Some(page) = near(recording, wanted)? {
        return Ok(page);
    }
    let settled = recording.settled_from(wanted.from_step);
    let unread = Unread::new(Vec::new(), settled);
    let selection = Selection {
        from_step: settled,
        ..Selection::default()
    };
    let json = JsonEvents::new();
    let page = read(recording, wanted, recording.events(selection), json, unread)?;
    page.ok_or_else(|| bug!(INTERNAL, "all was read and something is missed"))
}

fn go_on(recording: &Recording, wanted: &Wanted, kept: Kept) -> RecorderResult<Option<Page>> {
    let selection = Selection {
        from_step: wanted.from_step,
        ..Selection::default()
    };
    let unread = Unread::new(Vec::new(), kept.missed);
    let json = JsonEvents::resume(kept.follow);
    read(recording, wanted, recording.events(selection), json, unread)
}

/// Reads only blocks that can hold wanted events, each from its beginning. None where that is not enough.
fn near(recording: &Recording, wanted: &Wanted) -> RecorderResult<Option<Page>> {
    let can_hold = |entry: &trace_store::container::BlockEntry| {
        let mut kinds = wanted.kinds.iter();
        entry.end_step > wanted.from_step
            && (wanted.kinds.is_empty()
                || wanted.thread.is_none_or(|thread| thread == entry.thread)
                    && kinds.any(|kind| entry.count(*kind) > 0))
    };
    let unread = recording.index().filter(|entry| !can_hold(entry));
    let unread = unread.map(|entry| (entry.first_step, entry.end_step));
    let unread = Unread::new(unread.collect(), 0);
    let events = recording.events_in(Selection::default(), can_hold);
    read(recording, wanted, events, JsonEvents::new(), unread)
}

/// Reads events until the page is full; none where an event shows something that may have been missed.
fn read(
    recording: &Recording,
    wanted: &Wanted,
    mut events: trace_store::reader::Events<'_>,
    mut json: JsonEvents,
    mut unread: Unread,
) -> RecorderResult<Option<Page>> {
    let unwritable = |error: std::io::Error| -> RecorderError {
        bug!(INTERNAL, "cannot describe an event: {error}")
    };
    let mut page = Page::default();
    let (mut scanned, mut given) = (0, 0);
    with_view(recording, |view| {
        while let Some(event) = events.next_event()? {
            let missed = unread.until(event.step);
            let is_begun = event.step >= wanted.from_step;
            let is_wanted = wanted.has(&event);
            let names = match is_wanted {
                true => names_before(recording, &event, json.follow(), missed)?,
                false => None,
            };
            if let Some(names) = names {
                json.follow().learn(event.call, names, event.step);
            }
            json.skip(&event);
            if is_wanted {
                if json.follow().oldest(&event, missed).is_some() {
                    return Ok(None);
                }
                json.write_last(&event, view, &mut page.lines)
                    .map_err(unwritable)?;
                given += 1;
            }
            scanned += u64::from(is_begun);
            if given >= wanted.limit || page.lines.len() >= PAGE_BYTES || scanned >= PAGE_SCAN {
                let step = event.step.saturating_add(1);
                page.next = Some(step);
                if wanted.kinds.is_empty() {
                    let follow = json.into_follow();
                    page.kept = Some(Kept {
                        step,
                        follow,
                        missed,
                    });
                }
                return Ok(Some(page));
            }
        }
        Ok(Some(page))
    })
}

/// The names of the event's frame before the event, where they matter and are not known from the events read.
fn names_before(
    recording: &Recording,
    event: &Event,
    follow: &Follow,
    missed: u64,
) -> RecorderResult<Option<trace_export::FrameNames>> {
    let is_known = follow
        .names_since(event.call)
        .is_some_and(|since| since >= missed);
    if is_known || event.kind == EventKind::Call || event.objects.is_empty() {
        return Ok(None);
    }
    recording.names_before(event).map(Some)
}

#[cfg(test)]
mod tests;
